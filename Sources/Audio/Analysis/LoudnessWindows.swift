import MediaContract

/// Momentary and short-term windows out of the energies of consecutive 100 ms, in memory that does not grow.
struct LoudnessWindows {
    private static let momentaryLength = 4
    private static let shortTermLength = 30
    private static let hopsPerSecond = 10

    /// The last 3 s of energies, as a ring.
    private var energies = [Double](repeating: 0, count: shortTermLength)
    private var count = 0
    private var maximumMomentary = 0.0
    private var maximumShortTerm = 0.0
    private var blocks = Bins()
    private var windows = Bins()
    private var series: [Float] = []
    private var interval = 1

    /// Adds the mean square of the next 100 ms.
    mutating func add(energy: Double) {
        energies[count % Self.shortTermLength] = energy
        count += 1
        if count >= Self.momentaryLength {
            let momentary = mean(Self.momentaryLength)
            maximumMomentary = max(maximumMomentary, momentary)
            blocks.add(momentary)
        }
        if count >= Self.shortTermLength {
            let shortTerm = mean(Self.shortTermLength)
            maximumShortTerm = max(maximumShortTerm, shortTerm)
            windows.add(shortTerm)
            if count % (Self.hopsPerSecond * interval) == 0 { append(shortTerm) }
        }
    }

    var measurement: LoudnessMeasurement {
        LoudnessMeasurement(
            maximumMomentary: maximumMomentary > 0 ? LoudnessHistogram.loudness(maximumMomentary) : nil,
            maximumShortTerm: maximumShortTerm > 0 ? LoudnessHistogram.loudness(maximumShortTerm) : nil,
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
