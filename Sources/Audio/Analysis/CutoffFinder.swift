import Foundation
import MediaContract

/// Finds the cliff a lossy encoder's low-pass filter or a rate converter leaves in a long-term average spectrum.
struct CutoffFinder {
    /// Power of each bin from 0 Hz on, in any unit.
    let power: [Double]
    /// Hertz.
    let binWidth: Double

    /// A cliff falls at least so many dB. Music and tape fall by a few dB within a kilohertz even where they end.
    private static let leastEdge = 20.0
    /// Hertz below an edge whose level is compared, and within which a filter falls.
    private static let shoulder = 1000.0
    private static let transition = 700.0
    /// Hertz a band; as many as a bin where the rate is high.
    private var bandWidth: Double { max(100, binWidth) }
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
        guard let start = edges.firstIndex(where: { $0 >= Self.leastEdge }) else {
            return SpectrumMeasurement(cutoff: nil, edge: max(0, edges.max() ?? 0))
        }
        var best = start
        for index in start..<min(start + transition, edges.count) where edges[index] > edges[best] { best = index }
        return SpectrumMeasurement(cutoff: cutoff(from: first + best, levels), edge: edges[best])
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
            let from = max(1, Int(Double(band) * bandWidth / binWidth))
            let to = min(power.count, max(from + 1, Int(Double(band + 1) * bandWidth / binWidth)))
            let mean = power[from..<to].reduce(0, +) / Double(to - from)
            return 10 * log10(max(mean / total, 1e-16))
        }
    }
}
