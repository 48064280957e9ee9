import Foundation
import MediaContract
import Testing

/// EBU Tech 3341 (version 4.0, November 2023), Table 1, cases 15 to 23, at 48 kHz, within the document's +0.2 and −0.4
/// dB.
@Suite("EBU's test signals of true peak")
struct EBUTruePeakTests {
    private static let rate = 48_000

    /// A sine of a part of the sample rate that begins at an angle.
    struct Tone: Sendable, CustomTestStringConvertible {
        var name: String
        var divisor: Double
        /// Degrees.
        var phase: Double
        /// 1 is full scale.
        var amplitude: Double
        /// dBTP.
        var expected: Double

        var testDescription: String { name }
    }

    static let tones = [
        Tone(name: "3341-15", divisor: 4, phase: 0, amplitude: 0.5, expected: -6),
        Tone(name: "3341-16", divisor: 4, phase: 45, amplitude: 0.5, expected: -6),
        Tone(name: "3341-17", divisor: 6, phase: 60, amplitude: 0.5, expected: -6),
        Tone(name: "3341-18", divisor: 8, phase: 67.5, amplitude: 0.5, expected: -6),
        Tone(name: "3341-19", divisor: 4, phase: 45, amplitude: 1.41, expected: 3),
    ]

    @Test("of steady tones (cases 15 to 19)", arguments: tones)
    func steady(_ tone: Tone) throws {
        let sine = SampledWave.sine(
            Double(Self.rate) / tone.divisor, decibels: 20 * log10(tone.amplitude), seconds: 1,
            phase: tone.phase * .pi / 180)
        // The tone fades in and out: one cut off has other peaks.
        let last = Double(sine.count - 1)
        let faded = sine.enumerated().map { index, sample in
            sample * min(1, Double(index) / 480, (last - Double(index)) / 480)
        }
        try expectPeak(tone.expected, of: faded)
    }

    /// A quarter of the rate rises for one period out of a sixth at half the amplitude. Made at a multiple of the rate
    /// and limited to half the rate, the same peak falls between samples in four ways.
    @Test("of one louder period, wherever the samples fall (cases 20 to 23)", arguments: 0..<4)
    func period(_ offset: Int) throws {
        let wave = Self.periodAtManyTimesTheRate
        let samples = stride(from: offset * Self.oversampling / 4, to: wave.count, by: Self.oversampling).map {
            wave[$0]
        }
        try expectPeak(0, of: samples)
    }

    private func expectPeak(_ expected: Double, of channel: [Double]) throws {
        let found = try Engine.analyze(SampledWave(rate: Self.rate, bits: 24, channels: [channel, channel]))
        let truePeak = try #require(found.truePeak)
        #expect(truePeak - expected <= 0.2)
        #expect(expected - truePeak <= 0.4)
    }
}

extension EBUTruePeakTests {
    /// Finer than the document's four, so that the greatest of these samples is the peak within 0.01 dB.
    private static let oversampling = 16

    /// The low-pass is not the document's, which does not give its own; the result is brought back to a peak of 1.
    private static let periodAtManyTimesTheRate: [Double] = {
        let period = 4 * oversampling
        let lead = 6 * oversampling * 200
        let half = oversampling * 16
        let raw = (0..<(2 * lead + period)).map { index -> Double in
            let inside = index - lead
            if 0..<period ~= inside { return sin(2 * .pi * Double(inside) / Double(period)) }
            let beside = inside < 0 ? index : inside - period
            let fade = min(1, Double(min(index, 2 * lead + period - 1 - index)) / Double(100 * oversampling))
            return 0.5 * fade * sin(2 * .pi * Double(beside) / Double(6 * oversampling))
        }
        // A sinc that ends just below half the rate, under a Blackman window.
        let taps = (-half...half).map { tap -> Double in
            let x = 0.9 * .pi * Double(tap) / Double(oversampling)
            let angle = .pi * Double(tap) / Double(half)
            return (tap == 0 ? 1 : sin(x) / x) * (0.42 + 0.5 * cos(angle) + 0.08 * cos(2 * angle))
        }
        let limited = raw.indices.map { index -> Double in
            var sum = 0.0
            for tap in taps.indices where raw.indices.contains(index + tap - half) {
                sum += taps[tap] * raw[index + tap - half]
            }
            return sum
        }
        let peak = limited.reduce(0) { max($0, abs($1)) }
        return limited.map { $0 / peak }
    }()
}
