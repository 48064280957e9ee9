import Foundation
import MediaContract
import Testing

@testable import Audio

/// What the samples themselves give away, in files made for one defect each.
@Suite("Checks of samples")
struct SampleCheckTests {
    private static let tone = SampledWave.sine(997, decibels: -12, seconds: 3)
    private static let other = SampledWave.sine(1499, decibels: -15, seconds: 3)

    @Test("An ordinary stereo file has no defect")
    func ordinary() throws {
        let found = try Engine.analyze(SampledWave(channels: [Self.tone, Self.other]))
        #expect(found.clipping == ClippingMeasurement(runCount: 0, longestRun: 0, firstRuns: []))
        #expect(found.silence.inside.isEmpty)
        #expect(found.effectiveBits == 16)
        #expect(found.channels.allSatisfy { abs($0.dcOffset) < 1e-5 && !$0.isSilent })
        let stereo = try #require(found.stereo)
        #expect(!stereo.areIdentical && !stereo.areInverted)
        #expect(abs(try #require(stereo.correlation)) < 0.01)
    }

    @Test("Peaks and means are each channel's own")
    func levels() throws {
        let offset = Self.other.map { $0 + 0.05 }
        let found = try Engine.analyze(SampledWave(bits: 24, channels: [Self.tone, offset])).channels
        #expect(abs(try #require(found[0].samplePeak) + 12) < 0.01)
        #expect(abs(try #require(found[0].rms) + 15.01) < 0.01)
        #expect(abs(found[0].dcOffset) < 1e-5)
        #expect(abs(found[1].dcOffset - 0.05) < 1e-5)
    }

    @Test("Runs of three at full scale are clipped, two are not", arguments: [16, 24])
    func clipping(_ bits: Int) throws {
        var left = Self.tone
        var right = Self.other
        left.replaceSubrange(10_000..<10_002, with: [1, 1])
        left.replaceSubrange(20_000..<20_003, with: [1, 1, 1])
        // Across the edge of a block, and of both signs in a row.
        right.replaceSubrange(4094..<4100, with: [-1, -1, -1, 1, 1, -1])
        right.replaceSubrange(8190..<8195, with: [-1, -1, -1, -1, -1])
        right.replaceSubrange((right.count - 4)..., with: [1, 1, 1, 1])
        let found = try Engine.analyze(SampledWave(bits: bits, channels: [left, right])).clipping
        #expect(found.runCount == 4)
        #expect(found.longestRun == 5)
        let end = Int64(right.count)
        #expect(
            found.firstRuns == [
                SampleSpan(start: 4094, count: 3), SampleSpan(start: 8190, count: 5),
                SampleSpan(start: 20_000, count: 3), SampleSpan(start: end - 4, count: 4),
            ])
    }

    @Test("The list of clipped runs ends; the count does not")
    func manyClips() throws {
        let square = (0..<60_000).map { $0 % 8 < 4 ? 1.0 : -1.0 }
        let found = try Engine.analyze(SampledWave(channels: [square])).clipping
        #expect(found.runCount == 15_000)
        #expect(found.firstRuns.count == ClippingMeasurement.listLimit)
        #expect(found.firstRuns.map(\.start) == (0..<100).map { $0 * 4 })
    }

    @Test("Silence is found to the sample, at both ends and inside")
    func silence() throws {
        func quiet(_ count: Int) -> [Double] { Array(repeating: 0.0005, count: count) }
        // A cosine begins and ends loud.
        let burst = SampledWave.sine(1000, decibels: -6, seconds: 1.00025, phase: .pi / 2)
        let channel = quiet(12_345) + burst + quiet(96_001) + burst + quiet(50_000) + burst + quiet(777)
        let found = try Engine.analyze(SampledWave(bits: 24, channels: [channel, channel])).silence
        #expect(found.leading == 12_345)
        #expect(found.trailing == 777 + Int64(burst.reversed().prefix { abs($0) < 0.001 }.count))
        // 50,000 samples are shorter than two seconds.
        #expect(found.insideCount == 1)
        let span = try #require(found.inside.first)
        #expect(abs(span.start - Int64(12_345 + burst.count)) <= 1)
        #expect(span.start + span.count == Int64(12_345 + burst.count + 96_001))
    }

    @Test("A silent file is silent from end to end")
    func allSilent() throws {
        let found = try Engine.analyze(SampledWave(channels: [Array(repeating: 0, count: 10_001)]))
        #expect(found.silence.leading == 10_001 && found.silence.trailing == 10_001)
        #expect(found.channels[0].isSilent)
        #expect(found.effectiveBits == nil)
    }

    @Test("A dead channel, mono sold as stereo, and inverted polarity are told apart")
    func channels() throws {
        let silent = Array(repeating: 0.0, count: Self.tone.count)
        let dead = try Engine.analyze(SampledWave(channels: [Self.tone, silent]))
        #expect(dead.channels.map(\.isSilent) == [false, true])
        #expect(dead.stereo == ChannelRelation(correlation: nil, areIdentical: false, areInverted: false))
        let same = try #require(try Engine.analyze(SampledWave(channels: [Self.tone, Self.tone])).stereo)
        #expect(same.areIdentical && !same.areInverted)
        #expect(abs(try #require(same.correlation) - 1) < 1e-6)
        let inverted = try #require(
            try Engine.analyze(SampledWave(channels: [Self.tone, Self.tone.map { -$0 }])).stereo)
        #expect(inverted.areInverted && !inverted.areIdentical)
        #expect(abs(try #require(inverted.correlation) + 1) < 1e-6)
        // One differing sample is enough to be no copy.
        var nearly = Self.tone
        nearly[70_000] += 0.01
        let different = try #require(try Engine.analyze(SampledWave(channels: [Self.tone, nearly])).stereo)
        #expect(!different.areIdentical)
    }

    @Test("16 bits padded to 24, or wrapped in floats, are 16")
    func padding() throws {
        let steps = Self.tone.map { ($0 * 32_768).rounded() / 32_768 }
        #expect(try Engine.analyze(SampledWave(bits: 24, channels: [steps])).effectiveBits == 16)
        #expect(try Engine.analyze(SampledWave(bits: 24, channels: [Self.tone])).effectiveBits == 24)
        #expect(try Engine.analyze(SampledWave(bits: 32, isFloat: true, channels: [steps])).effectiveBits == 16)
        #expect(try Engine.analyze(SampledWave(bits: 32, isFloat: true, channels: [Self.tone])).effectiveBits == nil)
    }

    @Test("NaN and infinity in a float file leave numbers")
    func notNumbers() throws {
        var samples = Self.tone
        samples[5000] = .nan
        samples[6000] = .infinity
        samples[7000] = -1e30
        let found = try Engine.analyze(SampledWave(bits: 32, isFloat: true, channels: [samples]))
        _ = try JSONEncoder().encode(found)
        #expect(try #require(found.samplePeak) < 97)
    }
}
