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
    /// - Parameter start: of the first box.
    /// - Throws: `unsupportedFormat` when the sound is cut together from several parts; `corrupt` when there are too
    ///   many boxes; `inputOutput`. A box that makes no sense ends the search; the demuxer will say what is wrong.
    init?(in input: FileDescriptor, start: Int64, size: Int64) throws(MediaFailure) {
        let file = MP4Box(type: "", start: start, end: size)
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
