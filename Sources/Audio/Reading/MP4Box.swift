import MediaContract
import SystemPackage

/// One box of an MP4 or QuickTime file (ISO/IEC 14496-12 §4.2).
struct MP4Box {
    var type: String
    /// Where its content lies.
    var start: Int64
    var end: Int64

    /// No box has more children in an honest file.
    private static let maximumChildren = 1000
    /// More content than this is not read, in bytes.
    private static let maximumContent: Int64 = 64 * 1024

    /// - Throws: `corrupt` when there are too many, `inputOutput`.
    func children(in input: FileDescriptor) throws(MediaFailure) -> [MP4Box] {
        var boxes: [MP4Box] = []
        var offset = start
        while offset + 8 <= end {
            guard boxes.count < Self.maximumChildren else {
                throw MediaFailure(.corrupt, "the M4A has more than \(Self.maximumChildren) boxes in one")
            }
            let header = try input.bytes(at: offset, count: 16)
            guard let short = header.bigEndian(at: 0, length: 4) else { break }
            let long = short == 1 ? header.bigEndian(at: 8, length: 8) : short == 0 ? UInt64(end - offset) : short
            let headerLength: Int64 = short == 1 ? 16 : 8
            guard let long, let length = Int64(exactly: long), length >= headerLength, length <= end - offset else {
                break
            }
            boxes.append(MP4Box(type: header.fourCC(at: 4), start: offset + headerLength, end: offset + length))
            offset += length
        }
        return boxes
    }

    func child(_ type: String, in input: FileDescriptor) throws(MediaFailure) -> MP4Box? {
        try children(in: input).first { $0.type == type }
    }

    func content(in input: FileDescriptor) throws(MediaFailure) -> [UInt8] {
        try input.bytes(at: start, count: Int(min(end - start, Self.maximumContent)))
    }

    /// Units a second, of a `mvhd` or `mdhd`.
    func timeScale(in input: FileDescriptor) throws(MediaFailure) -> UInt64? {
        let content = try content(in: input)
        return content.bigEndian(at: content.first == 1 ? 20 : 12, length: 4)
    }
}
