import Foundation
import MediaContract
import Reports
import SystemPackage
import TestSupport
import Testing

/// Each rule at its limit and just beyond it.
@Suite("Findings")
struct FindingTests {
    /// One number changed, and what is found then.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout AudioInspection, inout AudioAnalysis) -> Void
        let expected: [String]

        init(
            _ description: String, _ expected: [String],
            _ change: @escaping @Sendable (inout AudioInspection, inout AudioAnalysis) -> Void
        ) {
            testDescription = description
            self.expected = expected
            self.change = change
        }
    }

    private static func peak(_ level: Double, _ expected: String...) -> Case {
        Case("a true peak of \(level)", expected) { $1.channels[1].truePeak = level }
    }

    private static func loud(_ level: Double, _ expected: String...) -> Case {
        Case("\(level) LUFS", expected) { $1.loudness = Example.loudness(level) }
    }

    private static func cutoff(_ hertz: Double, at rate: Int = 44_100, _ expected: String...) -> Case {
        Case("a cliff at \(hertz) Hz in \(rate)", expected) {
            $0.format.sampleRate = rate
            $0.sampleFrames = Int64(rate) * 60
            $1.spectrum = SpectrumMeasurement(cutoff: hertz, edge: 50)
        }
    }

    private static func silence(leading: Double = 0, trailing: Double = 0, _ expected: String...) -> Case {
        Case("silence of \(leading) s and \(trailing) s", expected) {
            $1.silence.leading = Int64(leading * 44_100)
            $1.silence.trailing = Int64(trailing * 44_100)
        }
    }

    private static func bits(_ declared: Int, _ effective: Int, _ expected: String...) -> Case {
        Case("\(effective) of \(declared) bits", expected) {
            $0.format.bitsPerSample = declared
            $1.effectiveBits = effective
        }
    }

    static let levels: [Case] = [
        Case("nothing wrong", []) { _, _ in },
        peak(-1), peak(-0.99, "note true-peak-headroom"), peak(0, "note true-peak-headroom"),
        peak(0.01, "warn true-peak-over-full-scale"),
        loud(-11.05), loud(-10.9, "note loud"), loud(-18.95), loud(-19.1, "note quiet"),
        Case("one clipped run", ["note clipped"]) { clip(1, &$1) },
        Case("nine clipped runs", ["note clipped"]) { clip(9, &$1) },
        Case("ten clipped runs", ["warn clipped"]) { clip(10, &$1) },
        Case("NaN", ["block not-a-number"]) { $1.nonFinite = NonFiniteMeasurement(count: 2, first: 44_100) },
        Case("NaN all over", ["block not-a-number"]) {
            $1.nonFinite = NonFiniteMeasurement(count: 2 * $0.sampleFrames, first: 0)
            $1.channels = [.silent, .silent]
            $1.silence = SilenceMeasurement(
                leading: $0.sampleFrames, trailing: $0.sampleFrames, inside: [], insideCount: 0)
        },
        Case("all 0", ["block silent"]) {
            $1.channels = [.silent, .silent]
            $1.silence = SilenceMeasurement(
                leading: $0.sampleFrames, trailing: $0.sampleFrames, inside: [], insideCount: 0)
        },
        Case("all below -60 dBFS", ["block silent"]) {
            $1.channels[0].samplePeak = -61
            $1.silence.leading = $0.sampleFrames
            $1.silence.trailing = $0.sampleFrames
        },
    ]

    static let channels: [Case] = [
        Case("an offset at the limit", []) { $1.channels[0].dcOffset = 0.001 },
        Case("an offset", ["note dc-offset"]) { $1.channels[0].dcOffset = -0.0011 },
        Case("half a wave left over in a second", ["note short"]) {
            $0.sampleFrames = 44_100
            $1.channels[0].dcOffset = 0.015
        },
        Case("a silent channel", ["warn silent-channel"]) {
            $1.channels[1] = .silent
            $1.stereo?.correlation = nil
        },
        Case("identical channels", ["note identical-channels"]) {
            $1.stereo = ChannelRelation(correlation: 1, areIdentical: true, areInverted: false)
        },
        Case("inverted channels", ["block inverted-channels"]) {
            $1.stereo = ChannelRelation(correlation: -1, areIdentical: false, areInverted: true)
        },
        Case("a correlation of -0.5", []) { $1.stereo?.correlation = -0.5 },
        Case("a correlation of -0.6", ["warn out-of-phase"]) { $1.stereo?.correlation = -0.6 },
        silence(leading: 3, trailing: 3), silence(leading: 3.1, "note leading-silence"),
        silence(trailing: 10, "note trailing-silence"),
        silence(
            leading: 10.1, trailing: 11, "warn leading-silence", "warn trailing-silence"),
        Case("a pause", ["note inner-silence"]) { pause(3, &$1) },
        Case("a hidden track", ["warn inner-silence"]) { pause(11, &$1) },
        Case("mono", ["note mono"]) {
            $0.format.channels = 1
            $1.channels = [Example.levels]
            $1.stereo = nil
        },
        Case("six channels, said once", ["warn surround"]) {
            $0.format.channels = 6
            $0.format.channelLayout = "5.1"
            $0.warnings = ["the audio has 6 channels (5.1)"]
            $1.channels = Array(repeating: Example.levels, count: 6)
        },
    ]

    static let resolutions: [Case] = [
        cutoff(9_900, "note band-limited"), cutoff(10_000, "warn lossy-source"), cutoff(16_000, "warn lossy-source"),
        cutoff(19_700, "warn lossy-source"), cutoff(19_800, "note band-limited"), cutoff(20_600, "note band-limited"),
        cutoff(20_700), cutoff(21_300), cutoff(21_500, at: 48_000, "warn upsampled"), cutoff(22_100, at: 48_000),
        cutoff(21_500, at: 96_000, "warn upsampled"), cutoff(16_000, at: 96_000, "warn lossy-source"),
        cutoff(10_400, at: 22_050, "warn low-sample-rate"),
        Case("a lossy master's own cliff", ["warn lossy-master"]) {
            $0.format.isLossless = false
            $0.format.codec = "mp3"
            $0.format.bitsPerSample = nil
            $1.effectiveBits = nil
            $1.spectrum = SpectrumMeasurement(cutoff: 16_000, edge: 60)
        },
        bits(24, 20), bits(32, 24), bits(24, 17), bits(24, 16, "warn padded-bits"), bits(32, 16, "warn padded-bits"),
        bits(16, 15), bits(16, 8, "warn padded-bits"), bits(8, 8, "warn low-bit-depth"),
        Case("44,099 Hz", ["warn low-sample-rate"]) { inspection, _ in inspection.format.sampleRate = 44_099 },
        Case("29 s", ["note short"]) { inspection, _ in inspection.sampleFrames = 29 * 44_100 },
        Case("30 s", []) { inspection, _ in inspection.sampleFrames = 30 * 44_100 },
        Case("odd headers", ["note file-structure", "note file-structure"]) { inspection, _ in
            inspection.warnings = ["the header declares 7 samples, the file holds 8", "12 bytes were ignored"]
        },
    ]

    private static func clip(_ count: Int, _ analysis: inout AudioAnalysis) {
        analysis.clipping = ClippingMeasurement(
            runCount: count, longestRun: 4,
            firstRuns: (0..<count).map { SampleSpan(start: Int64($0) * 44_100, count: 4) })
    }

    private static func pause(_ seconds: Int64, _ analysis: inout AudioAnalysis) {
        analysis.silence.inside = [SampleSpan(start: 10 * 44_100, count: seconds * 44_100)]
        analysis.silence.insideCount = 1
    }

    @Test("are made just beyond a limit and not at it", arguments: levels + channels + resolutions)
    func codes(_ example: Case) {
        let findings = Example.report(example.change).findings
        #expect(findings.map { "\($0.severity.rawValue) \($0.code.rawValue)" } == example.expected)
        for finding in findings {
            #expect(!finding.sources.isEmpty && !finding.message.hasSuffix(".") && !finding.message.contains("\n"))
            #expect((finding.measured == nil) || finding.unit != nil)
        }
    }

    @Test("of every kind are made by some case")
    func complete() {
        let made = Set(
            (Self.levels + Self.channels + Self.resolutions).flatMap(\.expected).map { $0.split(separator: " ")[1] })
        #expect(made == Set(Finding.Code.allCases.map { Substring($0.rawValue) }))
    }

    @Test("are all explained in docs/analysis.md", arguments: Finding.Code.allCases)
    func documented(_ code: Finding.Code) throws {
        let path = RepositoryPaths.root.appending("docs/analysis.md").string
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains("`\(code.rawValue)`"))
    }

    @Test("are listed with the gravest first")
    func order() {
        let report = Example.report { inspection, analysis in
            inspection.sampleFrames = 20 * 44_100
            Self.clip(12, &analysis)
            analysis.channels[0].dcOffset = 0.2
            analysis.stereo = ChannelRelation(correlation: -1, areIdentical: false, areInverted: true)
        }
        #expect(report.findings.map(\.code) == [.invertedChannels, .clipped, .dcOffset, .short])
        #expect(report.severity == .block)
    }

    @Test("say where: runs that are close together are one place")
    func places() {
        let report = Example.report { _, analysis in
            let starts: [Int64] = [44_100, 44_200, 50_000, 441_000]
            analysis.clipping = ClippingMeasurement(
                runCount: 4, longestRun: 441, firstRuns: starts.map { SampleSpan(start: $0, count: 441) })
        }
        let clipped = report.findings.first
        #expect(clipped?.spans.map(\.start) == [1, 10])
        #expect(clipped?.spans.first?.end == Double(50_441) / 44_100)
        #expect(clipped?.places(atMost: 1) == "at 0:01.00 and 1 more place")
        #expect(clipped?.comparison == "measured 4 runs, limit 1 runs")
    }
}

extension ChannelLevels {
    fileprivate static var silent: ChannelLevels {
        ChannelLevels(samplePeak: nil, truePeak: nil, dcOffset: 0, rms: nil)
    }
}
