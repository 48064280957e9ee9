/// How a rendition is encoded. A profile never changes under its version: any change that could alter a decoded
/// sample or a byte of the file raises `version`, and every rendition records both.
package struct EncodingProfile: Sendable, Hashable, Codable {
    /// Stable name, part of the object key and of `processing_jobs.profile`.
    package let name: String
    /// Raised by every change of the settings below.
    package let version: Int
    /// Constant bit rate in bits per second.
    package let bitRate: Int
    /// LAME's quality setting (0 slowest … 9 fastest), always set explicitly: an unset one changes with the
    /// distribution's build.
    package let compressionLevel: Int

    /// 320 kbps constant bit rate MP3, joint stereo, bit reservoir on.
    package static let mp3At320 = EncodingProfile(name: "mp3-320", version: 1, bitRate: 320_000, compressionLevel: 4)
}
