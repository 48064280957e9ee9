import MediaContract

/// Finds where all channels stay below −60 dBFS, to the sample.
struct SilenceDetector {
    private let minimumCount: Int64
    private let threshold = Float(SilenceMeasurement.threshold)
    /// First sample that is not silent.
    private var firstSound: Int64?
    /// The sample after the last that was not silent.
    private var soundEnd: Int64 = 0
    private var inside: [SampleSpan] = []
    private var insideCount = 0

    init(sampleRate: Int) {
        minimumCount = Int64(SilenceMeasurement.minimumSeconds * Double(sampleRate))
    }

    mutating func add(_ block: SampleBlock) {
        for group in 0..<block.filledGroups {
            var isLoud = false
            for channel in 0..<block.channels where block.magnitude(channel, group) >= threshold { isLoud = true }
            guard isLoud else { continue }
            let start = block.start + Int64(group * SampleBlock.width)
            // Only where a silence of some length may end does the first loud sample matter.
            if firstSound == nil || start + Int64(SampleBlock.width) - soundEnd >= minimumCount {
                note(soundAt: start + Int64(loudLane(block, group, first: true)))
            }
            soundEnd = start + Int64(loudLane(block, group, first: false)) + 1
        }
    }

    func finish(count: Int64) -> SilenceMeasurement {
        guard let firstSound else {
            return SilenceMeasurement(leading: count, trailing: count, inside: [], insideCount: 0)
        }
        return SilenceMeasurement(
            leading: firstSound, trailing: count - soundEnd, inside: inside, insideCount: insideCount)
    }

    private mutating func note(soundAt position: Int64) {
        guard firstSound != nil else {
            firstSound = position
            return
        }
        guard position - soundEnd >= minimumCount else { return }
        insideCount += 1
        if inside.count < SilenceMeasurement.listLimit {
            inside.append(SampleSpan(start: soundEnd, count: position - soundEnd))
        }
    }

    /// The first or last lane of a group in which any channel is loud.
    private func loudLane(_ block: SampleBlock, _ group: Int, first: Bool) -> Int {
        for step in 0..<SampleBlock.width {
            let lane = first ? step : SampleBlock.width - 1 - step
            for channel in 0..<block.channels where abs(block.vector(channel, group)[lane]) >= threshold { return lane }
        }
        return 0
    }
}
