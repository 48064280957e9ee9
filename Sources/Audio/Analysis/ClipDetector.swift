import CFFmpeg
import MediaContract

/// Finds runs of samples at full scale; see `ClippingMeasurement`.
struct ClipDetector {
    private struct Run {
        var start: Int64 = 0
        var count = 0
        var isPositive = true
    }

    private static let shortestRun = 3

    private let fullScale: Float
    private var open: [Run]
    private var runCount = 0
    private var longestRun = 0
    private var runs: [SampleSpan] = []

    init(_ shape: SampleShape) {
        let isEightBit = av_get_packed_sample_fmt(shape.format) == AV_SAMPLE_FMT_U8
        fullScale = isEightBit ? 1 - 0x1p-7 : 1 - 0x1p-15
        open = Array(repeating: Run(), count: shape.channels)
    }

    mutating func add(_ block: SampleBlock) {
        for channel in open.indices {
            for group in 0..<block.filledGroups {
                if block.magnitude(channel, group) >= fullScale {
                    scan(block, channel, group)
                } else if open[channel].count > 0 {
                    close(channel)
                }
            }
        }
    }

    mutating func finish() -> ClippingMeasurement {
        for channel in open.indices { close(channel) }
        let listed = runs.sorted { $0.start < $1.start }.prefix(ClippingMeasurement.listLimit)
        return ClippingMeasurement(runCount: runCount, longestRun: longestRun, firstRuns: Array(listed))
    }

    private mutating func scan(_ block: SampleBlock, _ channel: Int, _ group: Int) {
        let vector = block.vector(channel, group)
        for lane in 0..<SampleBlock.width {
            let sample = vector[lane]
            guard abs(sample) >= fullScale else {
                close(channel)
                continue
            }
            if open[channel].count > 0, open[channel].isPositive != (sample > 0) { close(channel) }
            if open[channel].count == 0 {
                open[channel].start = block.start + Int64(group * SampleBlock.width + lane)
                open[channel].isPositive = sample > 0
            }
            open[channel].count += 1
        }
    }

    private mutating func close(_ channel: Int) {
        let run = open[channel]
        open[channel].count = 0
        guard run.count >= Self.shortestRun else { return }
        runCount += 1
        longestRun = max(longestRun, run.count)
        // A block's channels come one after the other, so up to so many of each channel may be the first in time.
        if runs.count >= ClippingMeasurement.listLimit * open.count { return }
        runs.append(SampleSpan(start: run.start, count: Int64(run.count)))
    }
}
