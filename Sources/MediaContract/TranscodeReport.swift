/// What a transcode read and what it wrote. It is only made after the output was decoded again and counted.
package struct TranscodeReport: Sendable, Hashable, Codable {
    /// The master, as decoded.
    package var source: AudioInspection
    package var profile: EncodingProfile
    /// Sample frames per second of the output.
    package var sampleRate: Int
    package var channels: Int
    /// Samples per channel that a player which honours the gapless tag plays: exactly the source's, after resampling.
    package var sampleFrames: Int64
    /// Size of the output in bytes, tags and cover included.
    package var bytes: Int64
    /// Versions of encoder library and wrapper: "LAME 3.100, libavcodec 59.37.100".
    package var encoder: String
    package var parallelism: Parallelism
    /// Of the master's own samples; nil where it was not asked for.
    package var analysis: AudioAnalysis?
    /// Sentences about what was changed on the way: resampled, downmixed, cover left out.
    package var warnings: [String]

    /// Length in seconds: `sampleFrames` ÷ `sampleRate`.
    package var duration: Double { Double(sampleFrames) / Double(sampleRate) }

    package init(
        source: AudioInspection, profile: EncodingProfile, sampleRate: Int, channels: Int, sampleFrames: Int64,
        bytes: Int64, encoder: String, parallelism: Parallelism, analysis: AudioAnalysis?,
        warnings: [String]
    ) {
        self.source = source
        self.profile = profile
        self.sampleRate = sampleRate
        self.channels = channels
        self.sampleFrames = sampleFrames
        self.bytes = bytes
        self.encoder = encoder
        self.parallelism = parallelism
        self.analysis = analysis
        self.warnings = warnings
    }
}
