import MediaContract
import SystemPackage

/// What the first bytes of a file say it is.
enum Signature: Sendable, Hashable {
    /// Audio in `container`; the audio proper starts at `offset` (after ID3 tags).
    case audio(Container, offset: Int64)
    /// Something else, in words that follow "is": "a JPEG image", "text".
    case other(String)
    case empty

    /// Bytes of the file that are looked at in one place.
    private static let headLength = 4096

    /// Reads the signature.
    ///
    /// - Throws: `inputOutput`.
    static func read(from input: FileDescriptor) throws(MediaFailure) -> Signature {
        let head = try input.bytes(at: 0, count: headLength)
        guard !head.isEmpty else { return .empty }
        let offset = try ID3v2.length(in: input)
        let audio = offset == 0 ? head : try input.bytes(at: offset, count: headLength)
        if let container = container(of: audio) { return .audio(container, offset: offset) }
        if audio.isEmpty { return .other("nothing but an ID3 tag, which says that it is \(offset) bytes long") }
        if offset == 0, let picture = picture(head) { return .other("a \(picture) image") }
        if let frames = try MPEGAudioHeader.firstFrame(in: input, from: offset) {
            return .audio(.mp3, offset: frames)
        }
        return .other(describe(head))
    }

    /// The accepted container that starts with `bytes`, MP3 left out: it has no magic number.
    private static func container(of bytes: [UInt8]) -> Container? {
        let magic = bytes.fourCC(at: 0)
        let kind = bytes.fourCC(at: 8)
        switch (magic, kind) {
        case ("RIFF", "WAVE"), ("RF64", "WAVE"), ("BW64", "WAVE"): return .wav
        case ("FORM", "AIFF"), ("FORM", "AIFC"): return .aiff
        case ("fLaC", _): return .flac
        case ("OggS", _): return .ogg
        case ("caff", _): return .caf
        case ("wvpk", _): return .wavpack
        case ("TTA1", _): return .trueAudio
        case ("MAC ", _): return .monkeysAudio
        case ("DSD ", _): return .dsf
        default: break
        }
        if bytes.starts(with: wave64Riff) { return .wave64 }
        if bytes.starts(with: windowsMediaHeader) { return .windowsMedia }
        // ISO/IEC 14496-12 §4.3: the file type box comes first; QuickTime files may lead with these instead.
        if bytes.fourCC(at: 4) == "ftyp", !pictureBrands.contains(kind) { return .mp4 }
        return nil
    }

    /// The RIFF GUID of Sony Wave64.
    private static let wave64Riff: [UInt8] = [
        0x72, 0x69, 0x66, 0x66, 0x2E, 0x91, 0xCF, 0x11, 0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00,
    ]

    /// The GUID of the header object of Advanced Systems Format.
    private static let windowsMediaHeader: [UInt8] = [
        0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0x00, 0xAA, 0x00, 0x62, 0xCE, 0x6C,
    ]

    /// ISO base media brands of still pictures.
    private static let pictureBrands: Set<String> = ["heic", "heix", "hevc", "mif1", "msf1", "avif", "avis"]

    private static func picture(_ bytes: [UInt8]) -> String? {
        if let format = ImageInspection.Format(magic: bytes) { return format.name }
        if bytes.starts(with: Array("GIF8".utf8)) { return "GIF" }
        if bytes.starts(with: Array("BM".utf8)), bytes.count > 14, bytes[6..<10].allSatisfy({ $0 == 0 }) {
            return "BMP"
        }
        if bytes.starts(with: [0x49, 0x49, 0x2A, 0]) || bytes.starts(with: [0x4D, 0x4D, 0, 0x2A]) { return "TIFF" }
        if bytes.fourCC(at: 4) == "ftyp", pictureBrands.contains(bytes.fourCC(at: 8)) { return "HEIF or AVIF" }
        return nil
    }

    private static func describe(_ bytes: [UInt8]) -> String {
        if bytes.starts(with: Array("%PDF".utf8)) { return "a PDF document" }
        if bytes.starts(with: [0x50, 0x4B, 3, 4]) { return "a ZIP archive" }
        if bytes.starts(with: [0x1F, 0x8B]) { return "a gzip archive" }
        if bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3]) { return "a Matroska or WebM file" }
        return isText(bytes) ? "text" : "of an unknown kind"
    }
}

extension Signature {
    /// UTF-8 without control characters; the last character may be cut in two.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        let hasControls = bytes.contains { $0 < 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        return !hasControls
            && (0...3).contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil }
    }
}

extension Collection<UInt8> where Index == Int {
    /// Four bytes as ASCII; empty when there are fewer or they are no ASCII.
    func fourCC(at offset: Int) -> String {
        guard count >= offset + 4 else { return "" }
        let bytes = self[(startIndex + offset)..<(startIndex + offset + 4)]
        guard bytes.allSatisfy({ $0 < 0x80 }) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A big-endian number of `length` bytes; nil when there are fewer.
    func bigEndian(at offset: Int, length: Int) -> UInt64? {
        guard count >= offset + length else { return nil }
        return self[(startIndex + offset)..<(startIndex + offset + length)].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A little-endian number of `length` bytes; nil when there are fewer.
    func littleEndian(at offset: Int, length: Int) -> UInt64? {
        guard count >= offset + length else { return nil }
        return self[(startIndex + offset)..<(startIndex + offset + length)].reversed()
            .reduce(0) { $0 << 8 | UInt64($1) }
    }
}
