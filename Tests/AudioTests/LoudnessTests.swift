import Foundation
import MediaContract
import Testing

@testable import Audio

/// The minimum requirements test signals of EBU Tech 3341 (version 3) and 3342, made here from their definitions.
@Suite("Loudness of EBU's test signals")
struct LoudnessTests {
    /// Parts of a 1 kHz sine: dBFS and seconds.
    struct Tones: Sendable {
        var signal: String
        var parts: [(decibels: Double, seconds: Double)]
        var expected: Double

        var stereo: [[Double]] {
            let channel = parts.flatMap { SampledWave.sine(1000, decibels: $0.decibels, seconds: $0.seconds) }
            return [channel, channel]
        }
    }

    static let integrated = [
        Tones(signal: "3341-1", parts: [(-23, 20)], expected: -23),
        Tones(signal: "3341-2", parts: [(-33, 20)], expected: -33),
        Tones(signal: "3341-3", parts: [(-36, 10), (-23, 60), (-36, 10)], expected: -23),
        Tones(signal: "3341-4", parts: [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], expected: -23),
        Tones(signal: "3341-5", parts: [(-26, 20), (-20, 20.1), (-26, 20)], expected: -23),
    ]

    @Test("Integrated loudness is within 0.1 LU", arguments: integrated)
    func integratedLoudness(_ tones: Tones) throws {
        let found = try Engine.analyze(SampledWave(bits: 24, channels: tones.stereo)).loudness
        #expect(abs(try #require(found.integrated) - tones.expected) <= 0.1)
    }

    @Test("A steady tone's momentary and short-term maxima are its loudness")
    func maxima() throws {
        let found = try Engine.analyze(SampledWave(bits: 24, channels: Self.integrated[0].stereo)).loudness
        #expect(abs(try #require(found.maximumMomentary) + 23) <= 0.1)
        #expect(abs(try #require(found.maximumShortTerm) + 23) <= 0.1)
        #expect(found.shortTerm.count == 18)
        #expect(found.shortTerm.allSatisfy { abs($0 + 23) <= 0.1 })
    }

    @Test("The channels of 5.1 have their weights (3341-6)")
    func surround() throws {
        func tone(_ decibels: Double) -> [Double] { SampledWave.sine(1000, decibels: decibels, seconds: 20) }
        // L, R, C, LFE, Ls, Rs; the LFE does not count, however loud.
        let wave = WaveFile(format: .signed24, rate: 48_000, channels: 6, count: 1, speakerMask: 0x3F)
        let samples = SampledWave(
            bits: 24, channels: [tone(-28), tone(-28), tone(-24), tone(-6), tone(-30), tone(-30)]
        ).bytes.dropFirst(44)
        var header = Array(wave.bytes.prefix(60))
        header += Array("data".utf8) + (0..<4).map { UInt8(truncatingIfNeeded: samples.count >> (8 * $0)) }
        let scratch = try ScratchFolder()
        let found = try Engine.analyze(scratch.write(header + samples, as: "in.wav")).analysis.loudness
        #expect(abs(try #require(found.integrated) + 23) <= 0.1)
    }

    static let ranges = [
        Tones(signal: "3342-1", parts: [(-20, 20), (-30, 20)], expected: 10),
        Tones(signal: "3342-2", parts: [(-20, 20), (-15, 20)], expected: 5),
        Tones(signal: "3342-3", parts: [(-40, 20), (-20, 20)], expected: 20),
        Tones(
            signal: "3342-4", parts: [(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], expected: 15),
    ]

    @Test("Loudness range is within 1 LU", arguments: ranges)
    func loudnessRange(_ tones: Tones) throws {
        let found = try Engine.analyze(SampledWave(bits: 24, channels: tones.stereo)).loudness
        #expect(abs(try #require(found.range) - tones.expected) <= 1)
    }

    /// 3341-15 to -18: a quarter of the rate at various phases; -19: an intersample peak above full scale.
    struct Peak: Sendable {
        var signal: String
        var divisor: Double
        var phase: Double
        var decibels: Double
        var expected: Double
    }

    static let peaks = [
        Peak(signal: "3341-15", divisor: 4, phase: 0, decibels: -6.02, expected: -6),
        Peak(signal: "3341-16", divisor: 4, phase: 45, decibels: -6.02, expected: -6),
        Peak(signal: "3341-17", divisor: 6, phase: 60, decibels: -6.02, expected: -6),
        Peak(signal: "3341-18", divisor: 8, phase: 67.5, decibels: -6.02, expected: -6),
        Peak(signal: "3341-19", divisor: 4, phase: 45, decibels: 2.98, expected: 3),
    ]

    @Test("True peak is within +0.2 and -0.4 dB", arguments: peaks)
    func truePeak(_ peak: Peak) throws {
        let tone = SampledWave.sine(
            48_000 / peak.divisor, decibels: peak.decibels, seconds: 2, phase: peak.phase * .pi / 180)
        // The tone fades in and out, as EBU's do: a tone cut off has other peaks.
        let count = Double(tone.count)
        let faded = tone.enumerated().map { index, sample in
            sample * min(1, Double(index) / 4800, (count - 1 - Double(index)) / 4800)
        }
        let found = try Engine.analyze(SampledWave(bits: 32, isFloat: true, channels: [faded, faded]))
        let truePeak = try #require(found.truePeak)
        #expect(truePeak - peak.expected <= 0.2)
        #expect(peak.expected - truePeak <= 0.4)
    }

    @Test("Audio shorter than a gating block, and silence, have no loudness")
    func nothing() throws {
        let short = try Engine.analyze(
            SampledWave(channels: [SampledWave.sine(1000, decibels: -20, seconds: 0.39)])
        ).loudness
        #expect(short.integrated == nil)
        #expect(short.maximumMomentary == nil)
        let silent = try Engine.analyze(SampledWave(channels: [Array(repeating: 0, count: 200_000)]))
        #expect(silent.loudness.integrated == nil)
        #expect(silent.loudness.range == nil)
        #expect(silent.truePeak == nil)
    }

    @Test("Histograms of two tracks merge into the loudness of both as one")
    func album() throws {
        let quiet = SampledWave.sine(1000, decibels: -31, seconds: 12)
        let loud = SampledWave.sine(440, decibels: -17, seconds: 25)
        let parts = try [quiet, loud].map { try Engine.analyze(SampledWave(bits: 24, channels: [$0])).loudness }
        let whole = try Engine.analyze(SampledWave(bits: 24, channels: [quiet + loud])).loudness
        let merged = LoudnessHistogram.merging(parts.map(\.blocks))
        #expect(abs(try #require(merged.integratedLoudness) - (try #require(whole.integrated))) <= 0.05)
        let windows = LoudnessHistogram.merging(parts.map(\.windows))
        #expect(abs(try #require(windows.loudnessRange) - (try #require(whole.range))) <= 0.1)
    }
}
