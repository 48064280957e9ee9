/// Levels of one channel.
package struct ChannelLevels: Sendable, Hashable, Codable {
    /// Greatest magnitude in dBFS; nil for digital silence.
    package var samplePeak: Double?
    /// Greatest magnitude between the samples too, in dBTP (ITU-R BS.1770-4 Annex 2); nil for digital silence.
    package var truePeak: Double?
    /// Mean of all samples, where full scale is 1.
    package var dcOffset: Double
    /// Root of the mean square in dBFS, where a full-scale square wave has 0; nil for digital silence.
    package var rms: Double?

    package init(samplePeak: Double?, truePeak: Double?, dcOffset: Double, rms: Double?) {
        self.samplePeak = samplePeak
        self.truePeak = truePeak
        self.dcOffset = dcOffset
        self.rms = rms
    }

    /// Every sample is 0.
    package var isSilent: Bool { samplePeak == nil }
}

/// Two channels against each other.
package struct ChannelRelation: Sendable, Hashable, Codable {
    /// Pearson's correlation of the samples, −1…1; nil where a channel is constant.
    package var correlation: Double?
    /// Both hold the same samples: mono sold as stereo.
    package var areIdentical: Bool
    /// One holds the negated samples of the other, so that mono playback is silent.
    package var areInverted: Bool

    package init(correlation: Double?, areIdentical: Bool, areInverted: Bool) {
        self.correlation = correlation
        self.areIdentical = areIdentical
        self.areInverted = areInverted
    }
}

/// A stretch of time in samples a channel from the start of the audio.
package struct SampleSpan: Sendable, Hashable, Codable {
    package var start: Int64
    package var count: Int64

    package init(start: Int64, count: Int64) {
        self.start = start
        self.count = count
    }
}

/// Runs of samples at full scale.
///
/// A run is three or more samples one after the other on one channel, of one sign, at full scale: within one step of 16
/// bits of it (0.0003 dB; 8-bit audio: within one of its own), or beyond. A single one at full scale is what a
/// limiter leaves.
package struct ClippingMeasurement: Sendable, Hashable, Codable {
    /// Runs on all channels.
    package var runCount: Int
    /// Samples in the longest run.
    package var longestRun: Int
    /// The first runs, at most `listLimit`, in order of time.
    package var firstRuns: [SampleSpan]

    package static let listLimit = 100

    package init(runCount: Int, longestRun: Int, firstRuns: [SampleSpan]) {
        self.runCount = runCount
        self.longestRun = longestRun
        self.firstRuns = firstRuns
    }
}

/// Where nothing is heard: all channels stay below `threshold`.
package struct SilenceMeasurement: Sendable, Hashable, Codable {
    /// Samples a channel before the first one that is not silent; all of them in a silent file.
    package var leading: Int64
    /// Samples a channel after the last one that is not silent; all of them in a silent file.
    package var trailing: Int64
    /// Silences of `minimumSeconds` and more between sounds, at most `listLimit`, in order of time.
    package var inside: [SampleSpan]
    /// All silences inside, listed or not.
    package var insideCount: Int

    /// −60 dBFS, below which programme is taken for absent (ffmpeg's silencedetect defaults to it, too).
    package static let threshold = 0.001
    /// The least silence inside that counts; shorter ones are pauses of the music.
    package static let minimumSeconds = 2.0
    package static let listLimit = 100

    package init(leading: Int64, trailing: Int64, inside: [SampleSpan], insideCount: Int) {
        self.leading = leading
        self.trailing = trailing
        self.inside = inside
        self.insideCount = insideCount
    }
}

/// The long-term average spectrum, judged by where it ends.
package struct SpectrumMeasurement: Sendable, Hashable, Codable {
    /// The frequency in hertz above which the spectrum falls off a cliff, and stays there up to half the sample rate;
    /// nil where it ends gently or not at all. Lossy encoders cut at 16 to 20 kHz, a rate converter at half the lower
    /// rate.
    package var cutoff: Double?
    /// How far the level falls at the steepest edge, in dB: the kilohertz below it against the loudest above it.
    package var edge: Double

    package init(cutoff: Double?, edge: Double) {
        self.cutoff = cutoff
        self.edge = edge
    }
}

/// Samples of floating-point audio that are no number or infinite: no converter can play them. Everything else is
/// measured with 0 in place of the former and +96 dBFS in place of the latter.
package struct NonFiniteMeasurement: Sendable, Hashable, Codable {
    /// Samples on all channels.
    package var count: Int64
    /// Samples a channel before the first of them; nil where there is none.
    package var first: Int64?

    package init(count: Int64 = 0, first: Int64? = nil) {
        self.count = count
        self.first = first
    }
}
