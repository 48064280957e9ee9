import Foundation
import Logging
import MediaContract
import Synchronization
import SystemPackage
import Testing

@testable import MediaSandbox

/// Analyses through the sandbox, and such as no file can have.
@Suite(.timeLimit(.minutes(5))) struct AnalysisTests {
    private static let rate = 44_100
    private static let frames: Int64 = 44_100 * 10

    private static let inspection = AudioInspection(
        format: AudioFormat(
            container: "wav", codec: "pcm_s16le", sampleRate: rate, channels: 2, channelLayout: "stereo",
            bitsPerSample: 16, isLossless: true),
        sampleFrames: frames)

    private static func histogram(_ steps: ClosedRange<Int> = 500...560) -> LoudnessHistogram {
        var counts = LoudnessHistogram.emptyCounts
        var energies = LoudnessHistogram.emptyEnergies
        for step in steps {
            counts[step] = 360_000
            energies[step] = 360_000 * LoudnessHistogram.energy(Double(step) / 10 - 69.96)
        }
        return LoudnessHistogram(counts: counts, energies: energies)
    }

    private static var analysis: AudioAnalysis {
        let levels = ChannelLevels(samplePeak: -2, truePeak: -1.5, dcOffset: 1e-5, rms: -18)
        let points = Int(frames + 255) / 256
        let zeros = [Int16](repeating: 0, count: points)
        let channel = LevelOverview.Channel(minima: zeros, maxima: zeros, rms: zeros)
        return AudioAnalysis(
            loudness: LoudnessMeasurement(
                maximumMomentary: -12, maximumShortTerm: -13, shortTerm: Array(repeating: -14, count: 8), interval: 1,
                blocks: histogram(), windows: histogram()),
            channels: [levels, levels],
            stereo: ChannelRelation(correlation: 0.3, areIdentical: false, areInverted: false),
            clipping: ClippingMeasurement(runCount: 1, longestRun: 3, firstRuns: [SampleSpan(start: 5, count: 3)]),
            silence: SilenceMeasurement(
                leading: 5, trailing: 6, inside: [SampleSpan(start: 100, count: 90_000)], insideCount: 1),
            nonFinite: NonFiniteMeasurement(), effectiveBits: 16,
            spectrum: SpectrumMeasurement(cutoff: 16_000, edge: 40),
            waveform: Waveform(sampleRate: rate, samplesPerPixel: 256, peaks: zeros + zeros),
            overview: LevelOverview(samplesPerPoint: 256, channels: [channel, channel]),
            samplesSHA256: String(repeating: "0a", count: 32),
            fingerprint: AudioFingerprint(compressed: "AQAA-_z9", items: [0], algorithm: 1, duration: 10))
    }

    @Test func measuresAFileInTheProcess() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.silentTrack(seconds: 2)
        defer { try? file.close() }
        let sandbox = MediaSandbox(
            executable: try MediaSandbox.locateExecutable(explicit: nil), logger: Logger(label: "test"))
        let seen = Mutex(0.0)
        let (inspection, analysis) = try await sandbox.analyzeAudio(file) { fraction in seen.withLock { $0 = fraction }
        }
        #expect(inspection.sampleFrames == 88_200)
        #expect(analysis.samplePeak == nil)
        #expect(analysis.silence.leading == 88_200)
        #expect(analysis.waveform.pixelCount == 345)
        #expect(seen.withLock { $0 } > 0)
    }

    @Test func passesOnWhatIsWrongWithAFile() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path.appending("text.wav")
        try Data("words".utf8).write(to: URL(filePath: path.string))
        let file = try FileDescriptor.open(path, .readOnly)
        defer { try? file.close() }
        let sandbox = MediaSandbox(
            executable: try MediaSandbox.locateExecutable(explicit: nil), logger: Logger(label: "test"))
        let failure = await #expect(throws: MediaFailure.self) { try await sandbox.analyzeAudio(file) }
        #expect(failure?.kind == .unsupportedFormat)
    }

    @Test func believesWhatAFileCanHave() {
        #expect(MediaAnswer.analyzed(Self.inspection, Self.analysis).isPlausible(for: .analyzeAudio))
        #expect(!MediaAnswer.analyzed(Self.inspection, Self.analysis).isPlausible(for: .inspectAudio))
        #expect(!MediaAnswer.audio(Self.inspection).isPlausible(for: .analyzeAudio))
    }

    /// One number that no file can give.
    struct Lie: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let tell: @Sendable (inout AudioAnalysis) -> Void

        init(_ description: String, _ tell: @escaping @Sendable (inout AudioAnalysis) -> Void) {
            testDescription = description
            self.tell = tell
        }
    }

    static let lies: [Lie] = [
        Lie("no channels") { $0.channels = [] },
        Lie("a channel too many") { $0.channels.append($0.channels[0]) },
        Lie("a NaN peak") { $0.channels[0].truePeak = .nan },
        Lie("an infinite peak") { $0.channels[1].samplePeak = .infinity },
        Lie("a mean square of 10,000 dB") { $0.channels[1].rms = 10_000 },
        Lie("a NaN offset") { $0.channels[0].dcOffset = .nan },
        Lie("no relation") { $0.stereo = nil },
        Lie("a correlation of 2") { $0.stereo?.correlation = 2 },
        Lie("a negative number of runs") { $0.clipping.runCount = -1 },
        Lie("fewer runs than are listed") { $0.clipping.runCount = 0 },
        Lie("more runs than samples") { $0.clipping.runCount = .max },
        Lie("a run longer than the audio") { $0.clipping.longestRun = .max },
        Lie("too long a list of runs") {
            $0.clipping.runCount = 101
            $0.clipping.firstRuns = Array(repeating: SampleSpan(start: 5, count: 3), count: 101)
        },
        Lie("a run before the start") { $0.clipping.firstRuns = [SampleSpan(start: -1, count: 3)] },
        Lie("a run of nothing") { $0.clipping.firstRuns = [SampleSpan(start: 1, count: 0)] },
        Lie("a run whose end overflows") { $0.clipping.firstRuns = [SampleSpan(start: 1, count: .max)] },
        Lie("a silence longer than the audio") { $0.silence.leading = frames + 1 },
        Lie("a negative silence") { $0.silence.trailing = -1 },
        Lie("a silence behind the end") { $0.silence.inside = [SampleSpan(start: frames, count: 1)] },
        Lie("fewer silences than are listed") { $0.silence.insideCount = 0 },
        Lie("silences without number") { $0.silence.insideCount = .max },
        Lie("a NaN that is nowhere") { $0.nonFinite.count = 1 },
        Lie("a NaN behind the end") { $0.nonFinite = NonFiniteMeasurement(count: 1, first: frames) },
        Lie("a negative number of NaNs") { $0.nonFinite = NonFiniteMeasurement(count: .min, first: 0) },
        Lie("0 bits") { $0.effectiveBits = 0 },
        Lie("a cutoff above half the rate") { $0.spectrum?.cutoff = 22_051 },
        Lie("a NaN cutoff") { $0.spectrum?.cutoff = .nan },
        Lie("a NaN edge") { $0.spectrum?.edge = .nan },
        Lie("a waveform of another rate") { $0.waveform.sampleRate = 0 },
        Lie("0 samples a pixel") { $0.waveform.samplesPerPixel = 0 },
        Lie("a zoom between powers of two") { $0.waveform.samplesPerPixel = 768 },
        Lie("a zoom without end") { $0.waveform.samplesPerPixel = .max },
        Lie("half a pixel") { $0.waveform.peaks.append(0) },
        Lie("a pixel too few") { $0.waveform.peaks.removeLast(2) },
        Lie("no overview") { $0.overview.channels = [] },
        Lie("0 samples a point") { $0.overview.samplesPerPoint = 0 },
        Lie("an overview of another length") { $0.overview.channels[1].rms.removeLast() },
        Lie("an overview of too many channels") { $0.overview.channels.append($0.overview.channels[0]) },
        Lie("a short hash") { $0.samplesSHA256.removeLast() },
        Lie("a hash that is markup") { $0.samplesSHA256 = String(repeating: "<", count: 64) },
        Lie("a fingerprint that is markup") { $0.fingerprint?.compressed = "<script>" },
        Lie("an endless fingerprint") { $0.fingerprint?.compressed = String(repeating: "A", count: 65_537) },
        Lie("a fingerprint of a NaN length") { $0.fingerprint?.duration = .nan },
        Lie("NaN loudness") { $0.loudness.integrated = .nan },
        Lie("a negative range") { $0.loudness.range = -1 },
        Lie("too long a series") { $0.loudness.shortTerm = Array(repeating: -14, count: 7201) },
        Lie("a NaN in the series") { $0.loudness.shortTerm[3] = .nan },
        Lie("an interval of 0") { $0.loudness.interval = 0 },
        Lie("an interval of 3") { $0.loudness.interval = 3 },
    ]

    @Test(arguments: lies) func believesNoneOfThese(_ lie: Lie) {
        var analysis = Self.analysis
        lie.tell(&analysis)
        #expect(!MediaAnswer.analyzed(Self.inspection, analysis).isPlausible(for: .analyzeAudio))
    }

    /// A histogram's lists can only be of different lengths where somebody else wrote the JSON.
    @Test(arguments: [
        #"{"steps":[1,2],"counts":[1],"energies":[0.1,0.1]}"#, #"{"steps":[2,1],"counts":[1,1],"energies":[0.1,0.1]}"#,
        #"{"steps":[1000],"counts":[1],"energies":[0.1]}"#, #"{"steps":[-1],"counts":[1],"energies":[0.1]}"#,
        #"{"steps":[1],"counts":[0],"energies":[0.1]}"#,
        #"{"steps":[1],"counts":[9223372036854775807],"energies":[0.1]}"#,
        #"{"steps":[1],"counts":[1],"energies":[-0.1]}"#, #"{"steps":[1],"counts":[1],"energies":[1e300]}"#,
        #"{"steps":[1],"counts":[1],"energies":[]}"#,
    ])
    func believesNoImpossibleHistogram(_ json: String) throws {
        var analysis = Self.analysis
        analysis.loudness.blocks = try JSONDecoder().decode(LoudnessHistogram.self, from: Data(json.utf8))
        #expect(!MediaAnswer.analyzed(Self.inspection, analysis).isPlausible(for: .analyzeAudio))
    }

    /// Every list as long as it gets and every number with as many digits: ten hours, or a thousand, of eight channels.
    @Test func theLongestAnalysisFitsIntoHalfAFrame() throws {
        var (inspection, analysis) = (Self.inspection, Self.analysis)
        inspection.format.channels = 64
        inspection.sampleFrames = 36_000 * 192_000
        let levels = ChannelLevels(
            samplePeak: -2.123456789012345, truePeak: -1.123456789012345, dcOffset: -1.2345678901234567e-17,
            rms: -18.12345678901234)
        analysis.channels = Array(repeating: levels, count: 64)
        let span = SampleSpan(start: 6_000_000_000_000, count: 1_000_000_000)
        analysis.clipping.firstRuns = Array(repeating: span, count: ClippingMeasurement.listLimit)
        analysis.silence.inside = Array(repeating: span, count: SilenceMeasurement.listLimit)
        analysis.waveform.peaks = Array(repeating: -32_768, count: Waveform.pixelLimit * 2)
        let points = [Int16](repeating: -32_768, count: LevelOverview.pointLimit)
        analysis.overview.channels = Array(
            repeating: .init(minima: points, maxima: points, rms: points), count: LevelOverview.channelLimit)
        analysis.loudness.shortTerm = Array(repeating: -14.123457, count: LoudnessMeasurement.seriesLimit)
        analysis.loudness.blocks = Self.histogram(0...999)
        analysis.loudness.windows = Self.histogram(0...999)
        analysis.fingerprint?.compressed = String(repeating: "A", count: 65_536)
        let message = try JSONEncoder().encode(MediaAnswer.analyzed(inspection, analysis))
        #expect(message.count < Channel.maximumFrameSize / 2, "\(message.count)")
    }
}
