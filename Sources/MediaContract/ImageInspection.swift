/// What a picture file is, found out by decoding it.
package struct ImageInspection: Sendable, Hashable, Codable {
    /// The formats a cover may have.
    package enum Format: String, Sendable, Hashable, Codable {
        case jpeg
        case png
        case webp

        /// File name extension without a dot.
        package var fileExtension: String { self == .jpeg ? "jpg" : rawValue }

        /// MIME type.
        package var contentType: String { "image/\(rawValue)" }
    }

    package var format: Format
    /// Pixels.
    package var width: Int
    /// Pixels.
    package var height: Int

    package init(format: Format, width: Int, height: Int) {
        self.format = format
        self.width = width
        self.height = height
    }
}
