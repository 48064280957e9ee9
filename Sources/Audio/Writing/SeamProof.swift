/// Looks for the place from which two encoders agree: one that was there from the start of the track, and one that
/// began later and knew nothing of what came before.
///
/// LAME carries state from frame to frame (the adaptive threshold of hearing, the masking of the last blocks, the fill
/// of the bit reservoir), and forgets it by and by. Once both have written the same side information and the same main
/// data for `framesRequired` frames in a row, reservoir included, their states are taken to be the same.
struct SeamProof {
    /// Over how many frames with sound in them both must agree. See docs/decisions/parallel-encoding.md.
    static let framesRequired = 24

    /// Nearly all seams are proven within so many frames; see the same page.
    static let usualLength = 96

    let other: EncodedRun
    private var next: Int
    private var agreed = 0

    /// - Parameter other: the run that began later.
    init(against other: EncodedRun, from frame: Int) {
        self.other = other
        next = frame
    }

    /// Compares what both have by now.
    ///
    /// - Returns: where `other` can take over from `run`, once that is proven.
    mutating func advance(_ run: EncodedRun) -> EncodedRun.Seam? {
        run.withLog { mine in
            other.withLog { others in
                while next < min(mine.end, others.end) {
                    agree(mine.agrees(with: others, at: next), isSilent: mine.isEmpty(next))
                    next += 1
                    guard agreed >= Self.framesRequired else { continue }
                    // The last frame's neighbours are needed too: main data lies across their borders.
                    let frame = next - 2
                    return EncodedRun.Seam(
                        run: other, frame: frame,
                        invertsFiller: mine.phase(behind: frame - 1) != others.phase(behind: frame - 1))
                }
                return nil
            }
        }
    }

    /// Frames without main data agree whatever the encoders' states are, so they count for nothing.
    private mutating func agree(_ agrees: Bool, isSilent: Bool) {
        if !agrees { agreed = 0 } else if !isSilent { agreed += 1 }
    }
}
