import MediaContract
import Testing

@testable import Audio

@Suite("Sample rates MP3 does not have at 320 kbit/s")
struct ResamplingTests {
    @Test(
        "go to the rate the table names",
        arguments: [
            (32_000, 32_000), (44_100, 44_100), (48_000, 48_000), (88_200, 44_100), (176_400, 44_100),
            (352_800, 44_100), (96_000, 48_000), (192_000, 48_000), (384_000, 48_000), (11_025, 44_100),
            (22_050, 44_100), (8_000, 48_000), (12_000, 48_000), (16_000, 48_000), (24_000, 48_000),
            (37_800, 44_100), (50_000, 48_000), (64_000, 48_000), (31_999, 32_000), (44_056, 44_100),
        ])
    func table(_ input: Int, _ output: Int) {
        #expect(RateTable.outputRate(for: input) == output)
    }

    @Test("yield as many samples as have their instant before the end of the master")
    func countsAreRoundedUp() {
        #expect(RateTable.outputCount(1, from: 192_000, to: 48_000) == 1)
        #expect(RateTable.outputCount(4, from: 192_000, to: 48_000) == 1)
        #expect(RateTable.outputCount(5, from: 192_000, to: 48_000) == 2)
        #expect(RateTable.outputCount(50_001, from: 50_000, to: 48_000) == 48_001)
        // A day at 384 kHz: no overflow on the way.
        #expect(RateTable.outputCount(384_000 * 86_400, from: 384_000, to: 48_000) == 48_000 * 86_400)
    }

    @Test(
        "give exactly the documented count, by mpg123",
        arguments: [8_000, 11_025, 16_000, 22_050, 24_000, 37_800, 50_000, 88_200, 96_000, 176_400, 192_000])
    func exactCounts(_ rate: Int) async throws {
        let scratch = try ScratchFolder()
        let target = RateTable.outputRate(for: rate)
        for length in [1, 2, 3, 777, 1152, 10_001, 50_003] {
            let input = try scratch.write(WaveFile(rate: rate, channels: 1, count: length).bytes, as: "in.wav")
            let output = scratch.file("\(length).mp3")
            let report = try Engine.transcode(input, to: output)
            let expected = Int((Double(length) * Double(target) / Double(rate)).rounded(.up))
            #expect(report.sampleFrames == Int64(expected))
            #expect(report.sampleRate == target)
            #expect(report.source.sampleFrames == Int64(length))
            #expect(report.warnings == ["resampled from \(rate) to \(target) Hz"])
            #expect(try await Tool.samplesByMpg123(output, channels: 1) == expected)
        }
    }

    @Test(
        "keep every sound at its time",
        arguments: [(96_000, 40_000), (88_200, 30_000), (22_050, 9_000), (50_000, 25_000)])
    func delayIsCompensated(_ rate: Int, _ position: Int) async throws {
        let scratch = try ScratchFolder()
        let wave = WaveFile(format: .signed24, rate: rate, channels: 1, count: rate, impulse: position)
        let input = try scratch.write(wave.bytes, as: "in.wav")
        let output = scratch.file("out.mp3")
        let report = try Engine.transcode(input, to: output)
        let expected = Double(position) * Double(report.sampleRate) / Double(rate)
        let found = try #require(try await loudestSample(output))
        #expect(abs(Double(found) - expected) <= 1)
    }
}
