import MediaContract
import SystemPackage

/// The Xing or Info tag in the first frame of an MP3 (layout as LAME's VbrTag.c writes it).
struct MP3InfoTag: Sendable, Hashable {
    /// Frames of audio, the tag's own not counted; nil when the tag does not say.
    let frames: Int64?
    let samplesPerFrame: Int

    /// Nil when the frame at `offset` has no such tag.
    ///
    /// - Throws: `inputOutput`.
    init?(in input: FileDescriptor, at offset: Int64) throws(MediaFailure) {
        let bytes = try input.bytes(at: offset, count: 4 + 36 + 12)
        guard let header = MPEGAudioHeader(bytes) else { return nil }
        let tag = bytes.dropFirst(header.tagOffset)
        guard ["Xing", "Info"].contains(tag.fourCC(at: 0)), let flags = tag.bigEndian(at: 4, length: 4) else {
            return nil
        }
        frames = flags & 1 != 0 ? tag.bigEndian(at: 8, length: 4).map { Int64($0) } : nil
        samplesPerFrame = header.samplesPerFrame
    }
}
