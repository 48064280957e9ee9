/// Loudness by EBU R 128: ITU-R BS.1770-4 gating, EBU Tech 3341 windows, EBU Tech 3342 range.
package struct LoudnessMeasurement: Sendable, Hashable, Codable {
    /// Integrated loudness in LUFS; nil where no gating block is above −70 LUFS, or the audio is shorter than 0.4 s.
    package var integrated: Double?
    /// Loudness range in LU; nil where no 3 s window is above −70 LUFS.
    package var range: Double?
    /// Greatest loudness of 0.4 s, every 10 ms, in LUFS; nil for digital silence and audio that is shorter.
    package var maximumMomentary: Double?
    /// Greatest loudness of 3 s, every 10 ms, in LUFS; nil for digital silence and audio that is shorter.
    package var maximumShortTerm: Double?
    /// Loudness of the 3 s before each whole multiple of `interval` in LUFS, −70 for all below; the first is at 3 s
    /// or, where the interval is longer, at its first multiple.
    package var shortTerm: [Float]
    /// Seconds between the values of `shortTerm`: 1, and doubled as often as it takes to keep within `seriesLimit`.
    package var interval: Int
    /// The gating blocks (0.4 s, every 0.1 s): what it takes to compute the loudness of several tracks as one.
    package var blocks: LoudnessHistogram
    /// The 3 s windows, every 0.1 s: the same for the range.
    package var windows: LoudnessHistogram

    /// Longest `shortTerm`: two hours at one a second.
    package static let seriesLimit = 7200

    package init(
        maximumMomentary: Double?, maximumShortTerm: Double?, shortTerm: [Float], interval: Int,
        blocks: LoudnessHistogram, windows: LoudnessHistogram
    ) {
        self.integrated = blocks.integratedLoudness
        self.range = windows.loudnessRange
        self.maximumMomentary = maximumMomentary
        self.maximumShortTerm = maximumShortTerm
        self.shortTerm = shortTerm
        self.interval = interval
        self.blocks = blocks
        self.windows = windows
    }
}
