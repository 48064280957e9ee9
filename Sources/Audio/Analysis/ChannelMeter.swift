import MediaContract

#if canImport(Glibc)
    import Glibc
#endif

/// Peak, sum and sum of squares of one channel.
struct ChannelMeter {
    private(set) var peak: Float = 0
    private(set) var sum = 0.0
    private(set) var squares = 0.0

    mutating func add(_ block: SampleBlock, channel: Int) {
        var sums = SampleBlock.Vector.zero
        var squareSums = SampleBlock.Vector.zero
        for group in 0..<block.filledGroups {
            let vector = block.vector(channel, group)
            sums += vector
            squareSums += vector * vector
            peak = max(peak, block.magnitude(channel, group))
        }
        sum += Double(sums.sum())
        squares += Double(squareSums.sum())
    }

    func levels(truePeak: Float, count: Int64) -> ChannelLevels {
        ChannelLevels(
            samplePeak: Self.decibels(Double(peak)), truePeak: Self.decibels(Double(max(peak, truePeak))),
            dcOffset: count > 0 ? sum / Double(count) : 0,
            rms: count > 0 ? Self.decibels((squares / Double(count)).squareRoot()) : nil)
    }

    private static func decibels(_ magnitude: Double) -> Double? { magnitude > 0 ? 20 * log10(magnitude) : nil }
}

/// The first two channels against each other.
struct ChannelComparison {
    private var products = 0.0
    private var areIdentical = true
    private var areInverted = true

    mutating func add(_ block: SampleBlock) {
        var sums = SampleBlock.Vector.zero
        for group in 0..<block.filledGroups {
            let left = block.vector(0, group)
            let right = block.vector(1, group)
            sums += left * right
            if areIdentical { areIdentical = left == right }
            if areInverted { areInverted = left == -right }
        }
        products += Double(sums.sum())
    }

    func relation(_ left: ChannelMeter, _ right: ChannelMeter, count: Int64) -> ChannelRelation {
        let count = Double(count)
        let covariance = products - left.sum * right.sum / count
        let variances =
            (left.squares - left.sum * left.sum / count) * (right.squares - right.sum * right.sum / count)
        let isSilent = left.peak == 0 && right.peak == 0
        // A constant channel's variance is rounding.
        let floor = 1e-12 * left.squares * right.squares
        return ChannelRelation(
            correlation: variances > floor ? max(-1, min(1, covariance / variances.squareRoot())) : nil,
            areIdentical: areIdentical && !isSilent, areInverted: areInverted && !isSilent)
    }
}
