import MediaContract
import SystemPackage

/// The edit list of an MP4's first sound track: which part of the media is to be played.
///
/// FFmpeg's own handling rounds the end to the movie's time scale, usually milliseconds, or passes over it; read here
/// it is exact (ISO/IEC 14496-12 §8.6.6 for `elst`, §8.2.2 `mvhd`, §8.4.2 `mdhd`, §8.4.3 `hdlr`).
struct MP4Edit: Sendable, Hashable {
    /// Where the played part starts, in units of the track's time scale.
    let mediaStart: Int64
    /// Seconds of the played part; nil where the list leaves it open.
    let seconds: Double?
    /// Resolution of `seconds`: one unit of the movie's time scale.
    let tick: Double

    /// Nil when there is no edit list, or only one that delays the start.
    ///
    /// - Throws: `unsupportedFormat` when the sound is cut together from several parts, `inputOutput`. A box that makes
    ///   no sense ends the search; the demuxer will say what is wrong.
    init?(in input: FileDescriptor, size: Int64) throws(MediaFailure) {
        let file = Box(type: "", start: 0, end: size)
        guard let movie = try file.child("moov", in: input) else { return nil }
        let movieScale = try movie.child("mvhd", in: input)?.timeScale(in: input) ?? 0
        for track in try movie.children(in: input) where track.type == "trak" {
            let handler = try track.child("mdia", in: input)?.child("hdlr", in: input)?.content(in: input)
            guard handler?.fourCC(at: 8) == "soun" else { continue }
            guard movieScale > 0, let list = try track.child("edts", in: input)?.child("elst", in: input) else {
                return nil
            }
            // An entry without media is a pause in front.
            let entries = try Self.entries(list.content(in: input)).filter { $0.mediaStart >= 0 }
            guard entries.count <= 1 else {
                throw MediaFailure(
                    .unsupportedFormat,
                    "the M4A is cut together from \(entries.count) parts by an edit list; export it as one")
            }
            guard let entry = entries.first else { return nil }
            mediaStart = entry.mediaStart
            seconds = entry.duration > 0 ? Double(entry.duration) / Double(movieScale) : nil
            tick = 1 / Double(movieScale)
            return
        }
        return nil
    }

    private static func entries(_ content: [UInt8]) -> [(duration: Int64, mediaStart: Int64)] {
        let wide = content.first == 1
        let width = wide ? 8 : 4
        let count = Int(content.bigEndian(at: 4, length: 4) ?? 0)
        var entries: [(duration: Int64, mediaStart: Int64)] = []
        for index in 0..<count {
            let offset = 8 + index * (2 * width + 4)
            guard let duration = content.bigEndian(at: offset, length: width),
                let start = content.bigEndian(at: offset + width, length: width)
            else { break }
            let mediaStart = wide ? Int64(bitPattern: start) : Int64(Int32(truncatingIfNeeded: start))
            entries.append((Int64(clamping: duration), mediaStart))
        }
        return entries
    }
}

/// One box of an MP4 file.
private struct Box {
    var type: String
    /// Where its content lies.
    var start: Int64
    var end: Int64

    /// No box has more children in an honest file.
    private static let maximumChildren = 1000
    /// More content than this is not read, in bytes.
    private static let maximumContent: Int64 = 64 * 1024

    func children(in input: FileDescriptor) throws(MediaFailure) -> [Box] {
        var boxes: [Box] = []
        var offset = start
        while offset + 8 <= end, boxes.count < Self.maximumChildren {
            let header = try input.bytes(at: offset, count: 16)
            guard let short = header.bigEndian(at: 0, length: 4) else { break }
            let long = short == 1 ? header.bigEndian(at: 8, length: 8) : short == 0 ? UInt64(end - offset) : short
            let headerLength: Int64 = short == 1 ? 16 : 8
            guard let long, let length = Int64(exactly: long), length >= headerLength, length <= end - offset else {
                break
            }
            boxes.append(Box(type: header.fourCC(at: 4), start: offset + headerLength, end: offset + length))
            offset += length
        }
        return boxes
    }

    func child(_ type: String, in input: FileDescriptor) throws(MediaFailure) -> Box? {
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
