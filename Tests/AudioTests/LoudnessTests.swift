import Foundation
import MediaContract
import Testing

@testable import Audio

@Suite("Loudness")
struct LoudnessTests {
    @Test("A steady tone's loudness is the same in every second")
    func series() throws {
        let tone = SampledWave.sine(1000, decibels: -23, seconds: 20)
        let found = try Engine.analyze(SampledWave(bits: 24, channels: [tone, tone])).loudness
        #expect(found.shortTerm.count == 18)
        #expect(found.shortTerm.allSatisfy { abs($0 + 23) <= 0.1 })
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

    /// 100 ms are 2,205 and 1,102 samples there, which do not part into ten.
    @Test("A click is as loud wherever in 100 ms it falls", arguments: [11_025, 22_050])
    func click(_ rate: Int) throws {
        let hop = rate / 10
        let loudest = try stride(from: 0, to: hop, by: 11).map { offset in
            var samples = [Double](repeating: 0, count: 2 * rate)
            samples[rate + offset] = 0.9
            return try #require(
                try Engine.analyze(SampledWave(rate: rate, bits: 24, channels: [samples])).loudness.maximumMomentary)
        }
        #expect(try #require(loudest.max()) - (try #require(loudest.min())) < 0.1)
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
