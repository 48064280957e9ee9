/// Something about a track that whoever reviews it should know. Lathe changes nothing because of one.
package struct Finding: Sendable, Hashable, Codable {
    /// How much it matters, the gravest first.
    package enum Severity: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
        /// Not fit for release.
        case block
        /// Probably a mistake, or refused by stores: listen before it goes out.
        case warn
        /// Worth knowing.
        case note

        private var rank: Int {
            switch self {
            case .block: 0
            case .warn: 1
            case .note: 2
            }
        }

        /// `block` comes first.
        package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    }

    /// What was found. The names are for programs and never change their meaning; docs/analysis.md explains each.
    package enum Code: String, Sendable, Hashable, Codable, CaseIterable {
        case silent
        case notANumber = "not-a-number"
        case invertedChannels = "inverted-channels"
        case truePeakOverFullScale = "true-peak-over-full-scale"
        case truePeakHeadroom = "true-peak-headroom"
        case clipped
        case loud
        case quiet
        case dcOffset = "dc-offset"
        case silentChannel = "silent-channel"
        case identicalChannels = "identical-channels"
        case outOfPhase = "out-of-phase"
        case leadingSilence = "leading-silence"
        case trailingSilence = "trailing-silence"
        case innerSilence = "inner-silence"
        case lossySource = "lossy-source"
        case bandLimited = "band-limited"
        case upsampled
        case paddedBits = "padded-bits"
        case lossyMaster = "lossy-master"
        case lowSampleRate = "low-sample-rate"
        case lowBitDepth = "low-bit-depth"
        case mono
        case surround
        case short
        case fileStructure = "file-structure"
    }

    /// A stretch of time in seconds from the start of the audio.
    package struct TimeSpan: Sendable, Hashable, Codable {
        package var start: Double
        package var end: Double

        package init(start: Double, end: Double) {
            self.start = start
            self.end = end
        }
    }

    package var severity: Severity
    package var code: Code
    /// One sentence with the figures, without a trailing period.
    package var message: String
    /// Where it happens; empty where it is everywhere or nowhere in particular.
    package var spans: [TimeSpan] = []
    /// What was measured, in `unit`; nil where there is nothing to measure.
    package var measured: Double?
    /// The limit that was crossed, in `unit`; nil where there is none.
    package var threshold: Double?
    /// The unit of `measured` and `threshold`: dBTP, LUFS, Hz, s, …
    package var unit: String?
    /// Where the limit comes from, the weightiest first; never empty.
    package var sources: [Source]

    package init(
        _ severity: Severity, _ code: Code, _ message: String, spans: [TimeSpan] = [], measured: Double? = nil,
        threshold: Double? = nil, unit: String? = nil, sources: [Source]
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.spans = spans
        self.measured = measured
        self.threshold = threshold
        self.unit = unit
        self.sources = sources
    }
}
