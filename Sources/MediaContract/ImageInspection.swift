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

    /// Larger pictures do not go into a tag, which lies in front of the audio: every listener loads it first. Bytes.
    private static let largestInTag: Int64 = 16 << 20

    /// Why an MP3's tag goes without a picture of so many bytes; nil where it does not.
    package func objectionToTag(bytes: Int64) -> String? {
        if bytes > Self.largestInTag { return "it is larger than \(Self.largestInTag >> 20) MiB" }
        return format == .webp ? "few players show a WebP picture there" : nil
    }

    package init(format: Format, width: Int, height: Int) {
        self.format = format
        self.width = width
        self.height = height
    }
}
