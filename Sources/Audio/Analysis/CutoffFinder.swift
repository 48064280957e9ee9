import MediaContract

#if canImport(Glibc)
    import Glibc
#endif

/// Finds the cliff a lossy encoder's low-pass filter or a rate converter leaves in a long-term average spectrum.
struct CutoffFinder {
    /// Power of each bin from 0 Hz on, in any unit.
    let power: [Double]
    /// Sum of the squares of each stretch's power, as `power` is the sum of the powers.
    let squares: [Double]
    /// Stretches that were added up.
    let stretches: Int
    /// Hertz.
    let binWidth: Double

    /// A cliff falls at least so many dB. Music and tape fall by a few dB within a kilohertz even where they end.
    private static let leastEdge = 20.0
    /// Hertz below an edge whose level is compared, and within which a filter falls.
    private static let shoulder = 1000.0
    private static let transition = 700.0
    /// Hertz a band; as many as a bin where the rate is high.
    private var bandWidth: Double { max(100, binWidth) }
    /// Sound that fills the kilohertz below a filter varies by less within it (20 dB at most in 130 lossy and resampled
    /// files); a tone stands out from its own leakage by more.
    private static let greatestSpread = 30.0
    /// The least share of the stretches, and the least number, that sound below a filter is spread over. A sweep is
    /// in each band once.
    private static let leastShare = 0.01
    private static let leastStretches = 2.0
    /// Below this no encoder for music cuts, and an instrument may well end.
    private static let lowest = 4000.0

    var measurement: SpectrumMeasurement {
        let levels = bandLevels
        let shoulder = Int(Self.shoulder / bandWidth)
        let transition = Int(Self.transition / bandWidth)
        let first = max(shoulder, Int(Self.lowest / bandWidth))
        // The last bands may hold no more than the window's leakage around half the rate.
        let end = levels.count - transition
        guard first < end else { return SpectrumMeasurement(cutoff: nil, edge: 0) }
        var loudestAbove = levels
        for band in levels.indices.dropLast().reversed() {
            loudestAbove[band] = max(loudestAbove[band], loudestAbove[band + 1])
        }
        let edges = (first..<end).map { band in
            (levels[(band - shoulder)..<band].min() ?? 0) - loudestAbove[band + transition]
        }
        // The lowest cliff is the programme's end; a filter's stop band may hold another.
        guard
            let start = edges.indices.first(where: {
                edges[$0] >= Self.leastEdge && isFilled((first + $0 - shoulder)..<(first + $0), levels)
            })
        else {
            return SpectrumMeasurement(cutoff: nil, edge: max(0, edges.max() ?? 0))
        }
        var best = start
        for index in start..<min(start + transition, edges.count) where edges[index] > edges[best] { best = index }
        return SpectrumMeasurement(cutoff: cutoff(from: first + best, levels), edge: edges[best])
    }

    /// The bands hold sound that goes on for a while and leaves no gaps, so that something must have cut it off above
    /// them: a tone or a sweep ends where it ends.
    private func isFilled(_ bands: Range<Int>, _ levels: [Double]) -> Bool {
        let spread = (levels[bands].max() ?? 0) - (levels[bands].min() ?? 0)
        guard spread <= Self.greatestSpread else { return false }
        let bins = bins(bands.lowerBound).lowerBound..<bins(bands.upperBound - 1).upperBound
        // Over how many stretches the power of a bin is spread: 1 where it is all in one, all where it is steady.
        let spreads = bins.filter { squares[$0] > 0 }.map { power[$0] * power[$0] / squares[$0] }.sorted()
        guard !spreads.isEmpty else { return false }
        return spreads[spreads.count / 2] >= max(Self.leastStretches, Self.leastShare * Double(stretches))
    }

    /// The bins of a band.
    private func bins(_ band: Int) -> Range<Int> {
        let from = max(1, Int(Double(band) * bandWidth / binWidth))
        return from..<min(power.count, max(from + 1, Int(Double(band + 1) * bandWidth / binWidth)))
    }

    /// Where, behind the edge's start, the level has fallen half of the way down in dB.
    private func cutoff(from band: Int, _ levels: [Double]) -> Double {
        let transition = Int(Self.transition / bandWidth)
        let top = levels[band - 1]
        let bottom = levels[band + transition]
        let halfway = (band..<(band + transition)).first { levels[$0] < (top + bottom) / 2 } ?? band
        return Double(halfway) * bandWidth
    }

    /// Mean power of each band in dB, no lower than 24-bit audio can hold.
    private var bandLevels: [Double] {
        let count = Int(Double(power.count) * binWidth / bandWidth)
        let total = power.reduce(0, +)
        return (0..<count).map { band in
            let bins = bins(band)
            let mean = power[bins].reduce(0, +) / Double(bins.count)
            return 10 * log10(max(mean / total, 1e-16))
        }
    }
}
