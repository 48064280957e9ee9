/// What a file says about its own length, so that a missing end is noticed and padding at the end is cut.
struct LengthClaim: Sendable, Hashable {
    /// Samples per channel; nil where the file does not say.
    var samples: Int64?
    /// `samples` counts the encoder delay in front, too: what lies before timestamp 0.
    var countsDelay = false
    /// What lies before timestamp 0 has to be cut off here.
    var skipsStart = false
    /// Samples in front that the decoder yields and the file says do not count.
    var delay: Int64 = 0
    /// The file says that its codec, which can keep every sample, did not.
    var isLossy = false
    /// All audio is known to be there, and errors of the decoder come from bytes that are none.
    var passesOverDamage = false
    /// The decoder yields whole blocks and the file says how many samples of the last one count.
    var trimsEnd = false
    /// Samples the decoded audio may fall short of the claim without an end being missing.
    var tolerance: Int64 = 0
    /// Oddities that lose nothing.
    var warnings: [String] = []

    /// The claim with its length brought to where arithmetic cannot overflow.
    var bounded: LengthClaim {
        var claim = self
        claim.samples = samples.map { min(max($0, 0), 1 << 60) }
        return claim
    }
}

/// A length in seconds, as failure messages give it.
func seconds(_ samples: Int64, _ sampleRate: Int) -> String {
    // In floating point, because a header can claim any number.
    let tenths = Int(min(Double(samples) / Double(max(1, sampleRate)) * 10, 1e15))
    return "\(tenths / 10).\(tenths % 10) s"
}
