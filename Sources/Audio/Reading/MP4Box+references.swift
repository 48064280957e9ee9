import MediaContract
import SystemPackage

extension MP4Box {
    /// Whether a sound track of the file at hand says that its samples are in another file, by a data reference without
    /// the flag "in this file" (ISO/IEC 14496-12 §8.7.2) that names a place. FFmpeg passes over the name and would
    /// decode whatever this file holds at the samples' offsets.
    ///
    /// - Parameter start: of the first box.
    /// - Throws: `corrupt` when there are too many boxes, `inputOutput`.
    static func refersToOtherFile(
        _ input: FileDescriptor, start: Int64, size: Int64
    ) throws(MediaFailure) -> Bool {
        let file = MP4Box(type: "", start: start, end: size)
        guard let movie = try file.child("moov", in: input) else { return false }
        for track in try movie.children(in: input) where track.type == "trak" {
            guard let media = try track.child("mdia", in: input),
                try media.child("hdlr", in: input)?.content(in: input).fourCC(at: 8) == "soun",
                let information = try media.child("minf", in: input)?.child("dinf", in: input),
                let references = try information.child("dref", in: input)
            else { continue }
            // Version and flags, and how many follow.
            let list = MP4Box(type: "dref", start: references.start + 8, end: references.end)
            for entry in try list.children(in: input) {
                let content = try entry.content(in: input)
                let isInThisFile = (content.bigEndian(at: 0, length: 4) ?? 1) & 1 == 1
                if !isInThisFile, content.dropFirst(4).contains(where: { $0 != 0 }) { return true }
            }
        }
        return false
    }
}
