#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Loudness blocks above −70 LUFS, counted in steps of 0.1 LU together with the sum of their energy.
///
/// Histograms of several tracks add up to the histogram of all of them played in a row, whatever process measured
/// them (blocks over the seams left out, as BS.1770 meters do that pool the blocks of several tracks). Since the sums
/// are kept, the mean that the relative gate is set by is exact; only the blocks of the one step that the gate falls
/// into are taken or left together, by their mean. A histogram has at most 1,000 steps, about 200 for usual music.
package struct LoudnessHistogram: Sendable, Hashable, Codable {
    /// Steps that hold a block, ascending: step n reaches from −70 + n ÷ 10 LUFS to 0.1 LU above.
    package private(set) var steps: [Int16]
    /// Blocks in each step.
    package private(set) var counts: [Int64]
    /// Sum of the blocks' energies in each step.
    package private(set) var energies: [Double]

    /// BS.1770-4's absolute gate in LUFS.
    package static let absoluteGate = -70.0
    private static let stepCount = 1000

    package init() {
        steps = []
        counts = []
        energies = []
    }

    /// Counts blocks by their energy; those below the absolute gate are left out.
    package init(counts all: [Int64], energies sums: [Double]) {
        self.init()
        for (step, count) in all.enumerated() where count > 0 {
            steps.append(Int16(step))
            counts.append(count)
            energies.append(sums[step])
        }
    }

    /// Loudness in LUFS of an energy: BS.1770-4, formula 2.
    package static func loudness(_ energy: Double) -> Double { -0.691 + 10 * log10(energy) }

    /// Energy of a loudness in LUFS.
    package static func energy(_ loudness: Double) -> Double { exp((loudness + 0.691) * (0.1 * M_LN10)) }

    /// The step of a block; nil below the absolute gate.
    package static func step(ofLoudness loudness: Double) -> Int? {
        loudness < absoluteGate ? nil : min(stepCount - 1, Int((loudness - absoluteGate) * 10))
    }

    package static let emptyCounts = [Int64](repeating: 0, count: stepCount)
    package static let emptyEnergies = [Double](repeating: 0, count: stepCount)

    /// Adds the blocks of `other`.
    package mutating func merge(_ other: LoudnessHistogram) {
        var allCounts = Self.emptyCounts
        var allEnergies = Self.emptyEnergies
        for histogram in [self, other] {
            for (index, step) in histogram.steps.enumerated() where allCounts.indices.contains(Int(step)) {
                allCounts[Int(step)] += histogram.counts[index]
                allEnergies[Int(step)] += histogram.energies[index]
            }
        }
        self = LoudnessHistogram(counts: allCounts, energies: allEnergies)
    }

    /// The histogram of several tracks played one after the other: an album's.
    package static func merging(_ histograms: some Sequence<LoudnessHistogram>) -> LoudnessHistogram {
        histograms.reduce(into: LoudnessHistogram()) { $0.merge($1) }
    }

    /// Integrated loudness in LUFS of gating blocks (BS.1770-4, formulae 5 to 7: relative gate −10 LU); nil when there
    /// are none.
    package var integratedLoudness: Double? {
        let kept = aboveRelativeGate(-10)
        let count = kept.reduce(0) { $0 + counts[$1] }
        guard count > 0 else { return nil }
        return Self.loudness(kept.reduce(0) { $0 + energies[$1] } / Double(count))
    }

    /// Loudness range in LU of short-term windows (EBU Tech 3342: relative gate −20 LU, 10th to 95th percentile); nil
    /// when there are none.
    package var loudnessRange: Double? {
        let kept = aboveRelativeGate(-20)
        let total = kept.reduce(0) { $0 + counts[$1] }
        guard total > 0 else { return nil }
        func percentile(_ share: Double) -> Double {
            var rank = Int64((Double(total - 1) * share).rounded())
            for index in kept {
                if rank < counts[index] { return meanLoudness(index) }
                rank -= counts[index]
            }
            return kept.last.map(meanLoudness) ?? 0
        }
        return percentile(0.95) - percentile(0.10)
    }

    private func meanLoudness(_ index: Int) -> Double { Self.loudness(energies[index] / Double(counts[index])) }

    /// Indices of the steps whose mean reaches the gate, `offset` LU from the mean of all.
    private func aboveRelativeGate(_ offset: Double) -> [Int] {
        let total = counts.reduce(0, +)
        guard total > 0 else { return [] }
        let gate = energies.reduce(0, +) / Double(total) * exp(offset * 0.1 * M_LN10)
        return steps.indices.filter { energies[$0] / Double(counts[$0]) >= gate }
    }
}
