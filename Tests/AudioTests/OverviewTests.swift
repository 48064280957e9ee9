import MediaContract
import Testing

@testable import Audio

/// What is drawn, and what cannot be played.
@Suite("Overview and samples that are no numbers")
struct OverviewTests {
    @Test("A point holds least, greatest and mean square of each channel", arguments: [100, 256, 100_003])
    func points(_ count: Int) throws {
        let left = SpectrumTests.noise(count)
        let right = left.map { $0 * -0.5 }
        let found = try Engine.analyze(SampledWave(bits: 24, channels: [left, right])).overview
        #expect(found.samplesPerPoint == 256)
        #expect(found.pointCount == (count + 255) / 256)
        for (channel, samples) in zip(found.channels, [left, right]) {
            for point in 0..<found.pointCount {
                let stretch = samples[(point * 256)..<min(point * 256 + 256, count)]
                let rms = (stretch.reduce(0) { $0 + $1 * $1 } / Double(stretch.count)).squareRoot()
                #expect(abs(Double(channel.minima[point]) / 32_768 - (stretch.min() ?? 0)) < 0.0001)
                #expect(abs(Double(channel.maxima[point]) / 32_768 - (stretch.max() ?? 0)) < 0.0001)
                #expect(abs(Double(channel.rms[point]) / 32_768 - rms) < 0.0001)
            }
        }
    }

    @Test("Of audio of any length there are at most 2,048 points, as if measured with as many samples each")
    func limit() throws {
        // 3 × 2,048 points of 256 samples and a bit: each point ends up with 1,024.
        let count = 3 * 2048 * 256 + 1000
        let ramp = (0..<count).map { Double($0) / Double(count) }
        let found = try Engine.analyze(SampledWave(rate: 192_000, channels: [ramp])).overview
        #expect(found.samplesPerPoint == 1024)
        #expect(found.pointCount == (count + 1023) / 1024)
        let channel = try #require(found.channels.first)
        for point in stride(from: 0, to: found.pointCount, by: 101) {
            let first = Double(point * 1024) / Double(count)
            let last = Double(min(point * 1024 + 1023, count - 1)) / Double(count)
            #expect(abs(Double(channel.minima[point]) / 32_768 - first) < 0.0001)
            #expect(abs(Double(channel.maxima[point]) / 32_768 - last) < 0.0001)
            #expect(abs(Double(channel.rms[point]) / 32_768 - (first + last) / 2) < 0.001)
        }
    }

    @Test("More channels than are drawn are measured all the same")
    func channels() throws {
        let noise = SpectrumTests.noise(5000)
        let found = try Engine.analyze(SampledWave(channels: Array(repeating: noise, count: 8)))
        #expect(found.overview.channels.count == 8)
        #expect(found.channels.count == 8)
    }

    @Test("NaN and infinity are counted in floating point, and the first is found", arguments: [1, 2])
    func nonFinite(_ channels: Int) throws {
        var samples = [Double](repeating: 0.25, count: 60_000)
        #expect(try analyze(samples, channels) == NonFiniteMeasurement())
        for (index, value) in [(50_001, Double.nan), (50_002, .infinity), (59_999, -.infinity)] {
            samples[index] = value
        }
        #expect(
            try analyze(samples, channels) == NonFiniteMeasurement(count: Int64(3 * channels), first: 50_001))
    }

    private func analyze(_ samples: [Double], _ channels: Int) throws -> NonFiniteMeasurement {
        let wave = SampledWave(bits: 32, isFloat: true, channels: Array(repeating: samples, count: channels))
        return try Engine.analyze(wave).nonFinite
    }
}
