import MediaContract

/// Gathers each channel's minima, maxima and mean squares; see `LevelOverview`. When there are too many points,
/// neighbours are merged for good.
struct OverviewBuilder {
    private static let finest = 256
    private static let groupsPerPoint = finest / SampleBlock.width

    /// One channel's points while they are gathered, and the one that is not full yet.
    private struct Channel {
        var points: [Point] = []
        var pending = Point()
    }

    private struct Point {
        var low = Float.infinity
        var high = -Float.infinity
        var squares = 0.0

        mutating func merge(_ other: Point) {
            low = min(low, other.low)
            high = max(high, other.high)
            squares += other.squares
        }
    }

    private var channels: [Channel]
    private var samplesPerPoint = finest
    /// Stretches of the finest size in the pending points.
    private var merged = 0
    /// Samples a channel so far.
    private var count = 0

    init(channels: Int) {
        self.channels = Array(repeating: Channel(), count: min(channels, LevelOverview.channelLimit))
    }

    mutating func add(_ block: SampleBlock) {
        var group = 0
        while group < block.filledGroups {
            let end = min(group + Self.groupsPerPoint, block.filledGroups)
            for channel in channels.indices { channels[channel].pending.merge(measure(block, channel, group..<end)) }
            count += min(Self.finest, block.count - group * SampleBlock.width)
            closePoint()
            group = end
        }
    }

    mutating func finish() -> LevelOverview {
        if merged > 0 {
            if channels[0].points.count == LevelOverview.pointLimit { halve() }
            for channel in channels.indices { channels[channel].points.append(channels[channel].pending) }
        }
        return LevelOverview(samplesPerPoint: samplesPerPoint, channels: channels.map { overview($0.points) })
    }

    private func measure(_ block: SampleBlock, _ channel: Int, _ groups: Range<Int>) -> Point {
        var low = SampleBlock.Vector(repeating: .infinity)
        var high = SampleBlock.Vector(repeating: -.infinity)
        var squares = SampleBlock.Vector.zero
        for group in groups {
            var vector = block.vector(channel, group)
            squares += vector * vector
            // What is behind the end is 0 and adds nothing to the squares, but it may be less or more than the rest.
            let valid = block.count - group * SampleBlock.width
            for lane in max(0, valid)..<max(valid, SampleBlock.width) { vector[lane] = vector[0] }
            low = low.replacing(with: vector, where: vector .< low)
            high = high.replacing(with: vector, where: high .< vector)
        }
        return Point(low: low.min(), high: high.max(), squares: Double(squares.sum()))
    }

    private mutating func closePoint() {
        merged += 1
        guard merged * Self.finest == samplesPerPoint else { return }
        if channels[0].points.count == LevelOverview.pointLimit {
            // The point at hand is only half of one from now on.
            halve()
            return
        }
        for channel in channels.indices {
            channels[channel].points.append(channels[channel].pending)
            channels[channel].pending = Point()
        }
        merged = 0
    }

    private mutating func halve() {
        for channel in channels.indices {
            let points = channels[channel].points
            channels[channel].points = stride(from: 0, to: points.count, by: 2).map { index in
                var point = points[index]
                if index + 1 < points.count { point.merge(points[index + 1]) }
                return point
            }
        }
        samplesPerPoint *= 2
    }

    private func overview(_ points: [Point]) -> LevelOverview.Channel {
        var overview = LevelOverview.Channel()
        for (index, point) in points.enumerated() {
            let samples = min(samplesPerPoint, count - index * samplesPerPoint)
            overview.minima.append(Self.steps(point.low))
            overview.maxima.append(Self.steps(point.high))
            overview.rms.append(Self.steps(Float((point.squares / Double(max(1, samples))).squareRoot())))
        }
        return overview
    }

    private static func steps(_ value: Float) -> Int16 { Int16(max(-32_768, min(32_767, value * 32_768))) }
}
