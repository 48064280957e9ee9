import MediaContract

/// Gathers the peaks of the mono mix; see `Waveform`. When there are too many, neighbours are merged for good.
struct WaveformBuilder {
    private static let groupsPerPixel = Waveform.finestZoom / SampleBlock.width

    private let scale: Float
    private var waveform: Waveform
    /// Pixels of the finest zoom that were merged into `pending`.
    private var merged = 0
    private var pending = (low: Int16.max, high: Int16.min)

    init(sampleRate: Int, channels: Int) {
        scale = 32_768 / Float(channels)
        waveform = Waveform(sampleRate: sampleRate, samplesPerPixel: Waveform.finestZoom, peaks: [])
    }

    mutating func add(_ block: SampleBlock) {
        var group = 0
        while group < block.filledGroups {
            let end = min(group + Self.groupsPerPixel, block.filledGroups)
            var low = SampleBlock.Vector(repeating: .infinity)
            var high = SampleBlock.Vector(repeating: -.infinity)
            for index in group..<end {
                var mix = block.vector(0, index)
                for channel in 1..<max(1, block.channels) { mix += block.vector(channel, index) }
                let valid = block.count - index * SampleBlock.width
                for lane in max(0, valid)..<max(valid, SampleBlock.width) { mix[lane] = mix[0] }
                low = low.replacing(with: mix, where: mix .< low)
                high = high.replacing(with: mix, where: high .< mix)
            }
            append(low.min() * scale, high.max() * scale)
            group = end
        }
    }

    mutating func finish() -> Waveform {
        if merged > 0 {
            if waveform.pixelCount == Waveform.pixelLimit { waveform = waveform.halved() }
            appendPending()
        }
        return waveform
    }

    /// Adds a pixel of the finest zoom, in steps of 16 bits.
    mutating func append(_ low: Float, _ high: Float) {
        pending.low = min(pending.low, Int16(max(-32_768, min(32_767, low))))
        pending.high = max(pending.high, Int16(max(-32_768, min(32_767, high))))
        merged += 1
        guard merged * Waveform.finestZoom == waveform.samplesPerPixel else { return }
        if waveform.pixelCount == Waveform.pixelLimit {
            // The pixel at hand is only half of one from now on.
            waveform = waveform.halved()
        } else {
            appendPending()
        }
    }

    private mutating func appendPending() {
        waveform.peaks.append(pending.low)
        waveform.peaks.append(pending.high)
        merged = 0
        pending = (.max, .min)
    }
}
