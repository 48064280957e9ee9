import MediaContract
import Reports

/// A minute of stereo that nothing is wrong with, in numbers, for tests that change one of them.
enum Example {
    static let rate = 44_100
    static let frames: Int64 = 60 * 44_100

    static var inspection: AudioInspection {
        AudioInspection(
            format: AudioFormat(
                container: "wav", codec: "pcm_s24le", sampleRate: rate, channels: 2, channelLayout: "stereo",
                bitsPerSample: 24, isLossless: true),
            sampleFrames: frames)
    }

    static var levels: ChannelLevels { ChannelLevels(samplePeak: -2, truePeak: -1.5, dcOffset: 0, rms: -18) }

    static func loudness(_ integrated: Double) -> LoudnessMeasurement {
        var blocks = LoudnessHistogram.emptyCounts
        var energies = LoudnessHistogram.emptyEnergies
        if let step = LoudnessHistogram.step(ofLoudness: integrated) {
            blocks[step] = 600
            energies[step] = 600 * LoudnessHistogram.energy(integrated)
        }
        let histogram = LoudnessHistogram(counts: blocks, energies: energies)
        return LoudnessMeasurement(
            maximumMomentary: integrated, maximumShortTerm: integrated,
            shortTerm: Array(repeating: Float(integrated), count: 58), interval: 1, blocks: histogram,
            windows: histogram)
    }

    static var waveform: Waveform {
        var peaks: [Int16] = []
        for pixel in 0..<Int16((frames + 255) / 256) { peaks += [-300 - pixel % 7, 500 + pixel % 11] }
        return Waveform(sampleRate: rate, samplesPerPixel: 256, peaks: peaks)
    }

    static var overview: LevelOverview {
        let points = Int((frames + 2047) / 2048)
        let channel = LevelOverview.Channel(
            minima: Array(repeating: -20_000, count: points), maxima: Array(repeating: 24_000, count: points),
            rms: Array(repeating: 4000, count: points))
        return LevelOverview(samplesPerPoint: 2048, channels: [channel, channel])
    }

    static var analysis: AudioAnalysis {
        AudioAnalysis(
            loudness: loudness(-14), channels: [levels, levels],
            stereo: ChannelRelation(correlation: 0.4, areIdentical: false, areInverted: false),
            clipping: ClippingMeasurement(runCount: 0, longestRun: 0, firstRuns: []),
            silence: SilenceMeasurement(leading: 1000, trailing: 44_100, inside: [], insideCount: 0),
            nonFinite: NonFiniteMeasurement(), effectiveBits: 24, spectrum: SpectrumMeasurement(cutoff: nil, edge: 3),
            waveform: waveform, overview: overview, samplesSHA256: String(repeating: "ab", count: 32),
            fingerprint: nil)
    }

    static func report(
        file: String = "master.wav", _ change: (inout AudioInspection, inout AudioAnalysis) -> Void = { _, _ in }
    ) -> TrackReport {
        var (inspection, analysis) = (inspection, analysis)
        change(&inspection, &analysis)
        return TrackReport(
            file: file, bytes: 15_876_044, sha256: String(repeating: "0f", count: 32), inspection: inspection,
            analysis: analysis)
    }
}
