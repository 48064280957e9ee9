import MediaContract

/// Momentary and short-term windows, in memory that does not grow.
///
/// Gating blocks, the range's windows and the series go by 100 ms (BS.1770-4; EBU Tech 3342). The maxima go by 10 ms: a
/// sound as short as a window that begins between two hops would lose up to 0.6 LU, where EBU Tech 3341's signals 13
/// and 14 allow 0.1.
struct LoudnessWindows {
    static let stepsPerHop = 10
    private static let momentaryLength = 4
    private static let shortTermLength = 30
    private static let hopsPerSecond = 10

    /// The last 3 s of energies by 100 ms, as a ring.
    private var energies = [Double](repeating: 0, count: shortTermLength)
    private var count = 0
    private var momentary = SlidingMean(length: momentaryLength * stepsPerHop)
    private var shortTerm = SlidingMean(length: shortTermLength * stepsPerHop)
    /// Sum of the steps since the last hop.
    private var steps = 0.0
    private var blocks = Bins()
    private var windows = Bins()
    private var series: [Float] = []
    private var interval = 1

    /// Adds the mean square of the next 10 ms.
    mutating func add(step energy: Double) {
        momentary.add(energy)
        shortTerm.add(energy)
        steps += energy
    }

    /// Adds the mean square of 100 ms, after those of its first nine steps: the tenth is what they leave of it. It is a
    /// bit longer than the others at rates where 100 ms do not part into ten.
    mutating func endHop(energy: Double) {
        add(step: max(0, Double(Self.stepsPerHop) * energy - steps))
        steps = 0
        energies[count % Self.shortTermLength] = energy
        count += 1
        if count >= Self.momentaryLength { blocks.add(mean(Self.momentaryLength)) }
        if count >= Self.shortTermLength {
            let energy = mean(Self.shortTermLength)
            windows.add(energy)
            if count % (Self.hopsPerSecond * interval) == 0 { append(energy) }
        }
    }

    var measurement: LoudnessMeasurement {
        LoudnessMeasurement(
            maximumMomentary: momentary.maximum > 0 ? LoudnessHistogram.loudness(momentary.maximum) : nil,
            maximumShortTerm: shortTerm.maximum > 0 ? LoudnessHistogram.loudness(shortTerm.maximum) : nil,
            shortTerm: series, interval: interval, blocks: blocks.histogram, windows: windows.histogram)
    }

    private func mean(_ length: Int) -> Double {
        var sum = 0.0
        for back in 1...length { sum += energies[(count - back) % Self.shortTermLength] }
        return sum / Double(length)
    }

    private mutating func append(_ energy: Double) {
        series.append(
            energy > 0 ? Float(max(LoudnessHistogram.absoluteGate, LoudnessHistogram.loudness(energy))) : -70)
        guard series.count > LoudnessMeasurement.seriesLimit else { return }
        // Every second value goes. The first stands for 3 s where the interval is 1, for one interval afterwards.
        let first = interval == 1 ? 3 : interval
        let doubled = interval * 2
        series = series.enumerated().filter { (first + $0.offset * interval) % doubled == 0 }.map(\.element)
        interval = doubled
    }

    /// The greatest mean of so many values in a row.
    private struct SlidingMean {
        private var values: [Double]
        private var count = 0
        /// What the next value takes the place of.
        private var oldest = 0.0
        private var sum = 0.0
        private(set) var maximum = 0.0

        init(length: Int) { values = Array(repeating: 0, count: length) }

        mutating func add(_ value: Double) {
            let place = count % values.count
            values[place] = value
            count += 1
            // Summed anew each time round: what rounding leaves of a loud sound cannot last.
            sum = place == values.count - 1 ? values.reduce(0, +) : sum + value - oldest
            oldest = values[(place + 1) % values.count]
            if count >= values.count { maximum = max(maximum, sum / Double(values.count)) }
        }
    }

    /// A histogram while it is filled.
    private struct Bins {
        private var counts = LoudnessHistogram.emptyCounts
        private var energies = LoudnessHistogram.emptyEnergies

        mutating func add(_ energy: Double) {
            guard energy > 0, let step = LoudnessHistogram.step(ofLoudness: LoudnessHistogram.loudness(energy)) else {
                return
            }
            counts[step] += 1
            energies[step] += energy
        }

        var histogram: LoudnessHistogram { LoudnessHistogram(counts: counts, energies: energies) }
    }
}
