import Testing

@testable import Audio

/// An MP3 taken apart, to look at what was written.
struct MP3File {
    struct TextFrame: Equatable {
        var id: String
        var content: [UInt8]
    }

    /// Major version of the ID3v2 tag; 0 when there is none.
    var id3Version = 0
    var id3Frames: [TextFrame] = []
    /// The Info frame.
    var info: [UInt8] = []
    /// All frames after it.
    var frames: [[UInt8]] = []

    /// Where the frames after `info` lie in the file.
    var frameRanges: [Range<Int>] = []

    init(_ bytes: [UInt8]) throws {
        var offset = 0
        if bytes.starts(with: Array("ID3".utf8)) {
            id3Version = Int(bytes[3])
            let end = 10 + bytes[6..<10].reduce(0) { $0 << 7 | Int($1) }
            offset = 10
            while offset + 10 < end, bytes[offset] != 0 {
                let size = bytes[(offset + 4)..<(offset + 8)].reduce(0) { $0 << 8 | Int($1) }
                let content = Array(bytes[(offset + 10)..<(offset + 10 + size)])
                id3Frames.append(TextFrame(id: bytes.fourCC(at: offset), content: content))
                offset += 10 + size
            }
            offset = end
        }
        while offset < bytes.count {
            let header = try #require(MPEGAudioHeader(bytes[offset...].prefix(4)), "no frame at byte \(offset)")
            let frame = Array(bytes[offset..<(offset + header.frameLength)])
            if info.isEmpty {
                info = frame
            } else {
                frames.append(frame)
                frameRanges.append(offset..<(offset + header.frameLength))
            }
            offset += header.frameLength
        }
    }
}
