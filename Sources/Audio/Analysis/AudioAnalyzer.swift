import CFFmpeg
import MediaContract

/// Measures everything of a track in one pass over its decoded samples, at their own rate and depth.
///
/// Made from the first frame's shape; takes every frame in order; ends with `finish`. Memory does not grow with the
/// length, beyond the waveform's and the loudness series' limits. Not needed twice, so it cannot be copied.
struct AudioAnalyzer: ~Copyable {
    private let shape: SampleShape
    private var block: SampleBlock
    private var scratch: [UInt8] = []

    private var loudness: LoudnessMeter
    private var truePeak: TruePeakMeter
    private var channels: [ChannelMeter]
    private var comparison = ChannelComparison()
    private var clips: ClipDetector
    private var silence: SilenceDetector
    private var depth: BitDepthMeter
    private var nonFinite: NonFiniteCounter
    private var waveform: WaveformBuilder
    private var overview: OverviewBuilder
    private var hash = SampleHash()
    private var fingerprint: Fingerprinter
    private var spectrum: SpectrumMeter

    /// - Parameter shape: of every frame that follows.
    /// - Throws: `library` when memory runs out.
    init(_ shape: SampleShape) throws(MediaFailure) {
        let loudness = try LoudnessMeter(shape)
        let fingerprint = try Fingerprinter(shape)
        let spectrum = try SpectrumMeter(shape)
        self.shape = shape
        self.loudness = loudness
        self.fingerprint = fingerprint
        self.spectrum = spectrum
        block = SampleBlock(channels: shape.channels)
        truePeak = TruePeakMeter(sampleRate: shape.sampleRate, channels: shape.channels)
        channels = Array(repeating: ChannelMeter(), count: shape.channels)
        clips = ClipDetector(shape)
        silence = SilenceDetector(sampleRate: shape.sampleRate)
        depth = BitDepthMeter(shape)
        nonFinite = NonFiniteCounter(shape)
        waveform = WaveformBuilder(sampleRate: shape.sampleRate, channels: shape.channels)
        overview = OverviewBuilder(channels: shape.channels)
    }

    /// Takes the next frame.
    ///
    /// - Throws: `library` when memory runs out.
    mutating func add(_ frame: borrowing Frame) throws(MediaFailure) {
        unsafe frame.withInterleavedBytes(shape, scratch: &scratch) {
            unsafe depth.add($0)
            unsafe nonFinite.add($0)
            unsafe hash.add($0)
        }
        var offset = 0
        while offset < frame.sampleCount {
            offset += block.fill(from: frame, shape, offset: offset)
            if block.isFull { try measure() }
        }
    }

    /// What was found out.
    ///
    /// - Throws: `library` when memory runs out.
    consuming func finish() throws(MediaFailure) -> AudioAnalysis {
        if block.count > 0 { try measure() }
        let count = block.start
        let levels = channels.indices.map {
            channels[$0].levels(truePeak: truePeak.peaks[$0], count: count)
        }
        let stereo = channels.count > 1 ? comparison.relation(channels[0], channels[1], count: count) : nil
        let clipping = clips.finish()
        let silence = silence.finish(count: count)
        let peaks = waveform.finish()
        let overview = overview.finish()
        return AudioAnalysis(
            loudness: loudness.measurement, channels: levels, stereo: stereo, clipping: clipping, silence: silence,
            nonFinite: nonFinite.finish(), effectiveBits: depth.effectiveBits, spectrum: spectrum.measurement,
            waveform: peaks, overview: overview, samplesSHA256: hash.finish(), fingerprint: try fingerprint.finish())
    }

    private mutating func measure() throws(MediaFailure) {
        block.seal()
        for channel in channels.indices { channels[channel].add(block, channel: channel) }
        if channels.count > 1 { comparison.add(block) }
        truePeak.add(block)
        clips.add(block)
        silence.add(block)
        waveform.add(block)
        overview.add(block)
        try loudness.add(block)
        try fingerprint.add(block)
        spectrum.add(block)
        block.advance()
    }
}
