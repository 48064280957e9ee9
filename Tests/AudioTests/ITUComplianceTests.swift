import Foundation
import MediaContract
import Testing

/// Report ITU-R BS.2217-2, "Compliance material for Recommendation ITU-R BS.1770": those of its signals that are
/// synthetic, made here for the loudness that the Report gives each, within its ±0.1 LU.
///
/// The Report publishes frequencies, channels and loudness. The level a tone must have for that loudness is worked out
/// from the filters of BS.1770-4 (Annex 1, Tables 1 and 2, Figure 1), by no code of the engine's. How long the parts of
/// the two gate tests are it does not say: they are ours, with the Report's loudness as result. Left out, because they
/// are recordings: 1770-2_Conf_… (voice and music, in mono, stereo and 5.1) and 1770Conf-… (of 8, 10, 12 and 24
/// channels); and 1770-2_Comp_18LKFS_FrequencySweep, whose level over time is not published.
@Suite("ITU's compliance signals")
struct ITUComplianceTests {
    @Test(
        "Tones from 25 Hz to 10 kHz in two channels (1770-2_Comp_…Hz_2ch)",
        arguments: [25.0, 100, 500, 1000, 2000, 10_000], [-23.0, -24])
    func tone(_ frequency: Double, _ loudness: Double) throws {
        let channel = Self.tone(frequency, loudness: loudness, weight: 2)
        #expect(abs(try #require(try integrated([channel, channel])) - loudness) <= 0.1)
    }

    /// L, R, C, LFE, Ls, Rs and what each counts: BS.1770-4, Annex 1, Table 3.
    static let speakers: [(name: String, weight: Double)] = [
        ("Left", 1), ("Right", 1), ("Centre", 1), ("LFE", 0), ("Ls", 1.41), ("Rs", 1.41),
    ]

    @Test("A tone in one channel of 5.1 (1770-2_Comp_…_ChannelCheck…)", arguments: 0..<6, [-23.0, -24])
    func channel(_ index: Int, _ loudness: Double) throws {
        let weight = Self.speakers[index].weight
        let tone = Self.tone(1000, loudness: loudness, weight: weight > 0 ? weight : 1)
        var channels = [[Double]](repeating: Array(repeating: 0, count: tone.count), count: 6)
        channels[index] = tone
        let found = try integrated(channels)
        if weight == 0 {
            #expect(found == nil)
        } else {
            #expect(abs(try #require(found) - loudness) <= 0.1)
        }
    }

    @Test("Tones in all channels of 5.1 add up by their energies (1770-2_Comp_…_SummingTest)", arguments: [-23.0, -24])
    func sum(_ loudness: Double) throws {
        let weight = Self.speakers.reduce(0) { $0 + $1.weight }
        let tone = Self.tone(1000, loudness: loudness, weight: weight)
        #expect(abs(try #require(try integrated(Array(repeating: tone, count: 6))) - loudness) <= 0.1)
    }

    @Test("What is below −70 LKFS does not count, what is above does (1770-2_Comp_AbsGateTest)")
    func absoluteGate() throws {
        let above = Self.tone(1000, loudness: -69.5, weight: 2)
        let below = Self.tone(1000, loudness: -70.5, weight: 2)
        let channel = below + above + below
        #expect(abs(try #require(try integrated([channel, channel], bits: 24)) + 69.5) <= 0.1)
        #expect(try integrated([below, below], bits: 24) == nil)
    }

    /// Twenty seconds each. The gate is 10 LU below the mean of all of them.
    @Test(
        "What is 10 LU below the mean does not count, what is above does (1770-2_Comp_RelGateTest)",
        arguments: [-9.5, -10.5])
    func relativeGate(_ distance: Double) throws {
        // Loud and quiet parts are so far apart that the quiet one is this far from the mean: −10 + mean + distance.
        let quiet = Self.quietLoudness(distance: distance)
        let channel = Self.tone(1000, loudness: -10, weight: 2) + Self.tone(1000, loudness: quiet, weight: 2)
        let both = 10 * log10((pow(10, -1) + pow(10, quiet / 10)) / 2)
        let expected = distance < -10 ? -10 : both
        #expect(abs(try #require(try integrated([channel, channel])) - expected) <= 0.1)
    }

    private func integrated(_ channels: [[Double]], bits: Int = 24) throws -> Double? {
        try Engine.analyze(
            SampledWave(bits: bits, channels: channels, speakerMask: channels.count == 6 ? 0b111111 : nil)
        ).loudness.integrated
    }
}

extension ITUComplianceTests {
    /// Twenty seconds of a sine which, in channels whose weights add up to `weight`, has this loudness.
    private static func tone(_ frequency: Double, loudness: Double, weight: Double) -> [Double] {
        // BS.1770-4, formula 2; a sine's mean square is half the square of its amplitude.
        let decibels = loudness + 0.691 - 10 * log10(weight / 2) - weighting(frequency)
        return SampledWave.sine(frequency, decibels: decibels, seconds: 20)
    }

    /// The loudness that is `distance` from the mean of itself and −10 LKFS, found by halving.
    private static func quietLoudness(distance: Double) -> Double {
        var bounds = (-60.0, -10.0)
        for _ in 0..<60 {
            let middle = (bounds.0 + bounds.1) / 2
            let mean = 10 * log10((pow(10, -1) + pow(10, middle / 10)) / 2)
            if middle - mean < distance { bounds.0 = middle } else { bounds.1 = middle }
        }
        return bounds.0
    }

    /// Gain in decibels of both filters of BS.1770-4 at 48 kHz, from its coefficients.
    private static func weighting(_ frequency: Double) -> Double {
        let shelf = gain(
            frequency, b: [1.53512485958697, -2.69169618940638, 1.19839281085285],
            a: [1, -1.69065929318241, 0.73248077421585])
        let highPass = gain(frequency, b: [1, -2, 1], a: [1, -1.99004745483398, 0.99007225036621])
        return shelf + highPass
    }

    private static func gain(_ frequency: Double, b: [Double], a: [Double]) -> Double {
        func power(_ coefficients: [Double]) -> Double {
            var (real, imaginary) = (0.0, 0.0)
            for (index, coefficient) in coefficients.enumerated() {
                let angle = 2 * .pi * frequency / 48_000 * Double(index)
                real += coefficient * cos(angle)
                imaginary -= coefficient * sin(angle)
            }
            return real * real + imaginary * imaginary
        }
        return 10 * log10(power(b) / power(a))
    }
}
