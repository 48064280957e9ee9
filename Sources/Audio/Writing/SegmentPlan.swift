/// How a track is cut into segments that are encoded side by side.
struct SegmentPlan: Sendable, Hashable {
    /// MP3 frames in every segment but the last.
    let framesPerSegment: Int

    /// At 320 kbit/s and 44.1 kHz LAME gives 44 of every 49 frames a padding byte (320,000 × 144 ÷ 44,100 = 1044 + 44 ÷
    /// 49), so an encoder that starts a multiple of 49 frames later pads the same ones. At 48 and 32 kHz none are
    /// padded.
    static let paddingCycle = 49
    /// Below this, encoding the seam twice costs more than the other core gives.
    static let shortest = 8 * paddingCycle
    /// Decoded samples held at a time, by all threads together. Bytes.
    static let memory = 16 << 20

    /// - Parameters:
    ///   - frames: how many MP3 frames the track is expected to have; nil when that is not known.
    ///   - bytesPerFrame: of decoded samples.
    init(threads: Int, frames: Int?, bytesPerFrame: Int) {
        let longest = max(Self.shortest, Self.memory / max(1, threads * bytesPerFrame))
        var length = threads == 1 ? Self.shortest : longest
        if threads > 1, let frames, frames > 0 {
            // Every thread gets as many segments as the others, all of one length.
            let rounds = (frames + threads * longest - 1) / (threads * longest)
            length = max(Self.shortest, (frames + rounds * threads - 1) / (rounds * threads))
        }
        framesPerSegment = (length + Self.paddingCycle - 1) / Self.paddingCycle * Self.paddingCycle
    }
}
