import Foundation
import MediaContract
import Testing

@testable import Audio

/// Where spectra end, and what is drawn.
@Suite("Spectrum, waveform and peaks")
struct SpectrumTests {
    /// White noise of a fixed seed.
    static func noise(_ count: Int, amplitude: Double = 0.25) -> [Double] {
        var state: UInt32 = 0x1234_5678
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return amplitude * (Double(state >> 8) / Double(1 << 23) - 1)
        }
    }

    @Test(
        "Lossy encoders' and rate converters' cliffs are found within 500 Hz",
        arguments: [
            (["-c:a", "libmp3lame", "-b:a", "128k", "x.mp3"], 44_100, 16_500.0...17_200),
            (
                ["-af", "aresample=96000:resampler=soxr", "-c:a", "pcm_s24le", "x.wav"], 96_000, 21_400.0...22_300
            ),
        ])
    func cliffs(_ encode: [String], _ rate: Int, _ cutoff: ClosedRange<Double>) async throws {
        let scratch = try ScratchFolder()
        let noise = Self.noise(44_100 * 6)
        let input = try scratch.write(SampledWave(rate: 44_100, channels: [noise, noise]).bytes, as: "in.wav")
        let middle = scratch.file(encode[encode.count - 1])
        try await Tool.run("ffmpeg", ["-v", "error", "-i", input] + encode.dropLast() + [middle])
        let output = scratch.file("out.wav")
        try await Tool.ffmpeg("-i", middle, "-c:a", "pcm_s24le", output)
        let (inspection, analysis) = try Engine.analyze(output)
        #expect(inspection.format.sampleRate == rate)
        let found = try #require(analysis.spectrum?.cutoff)
        #expect(cutoff.contains(found), "\(found)")
    }

    @Test("Full-band noise ends in no cliff")
    func noCliff() throws {
        let noise = Self.noise(44_100 * 3)
        let found = try Engine.analyze(SampledWave(rate: 44_100, channels: [noise]))
        #expect(found.spectrum != nil)
        #expect(found.spectrum?.cutoff == nil)
    }

    @Test(
        "What ends by itself ends in no cliff: sweeps, tones, gentle filters",
        arguments: [
            "sine=f=15000", "sine=f=440,volume=0.4[a];sine=f=15500,volume=0.2[b];[a][b]amix",
            "aevalsrc=0.5*sin(2*PI*(20*t+500*t*t)):s=44100",
            "aevalsrc=0.5*sin(2*PI*3000*(exp(t*0.45)-1)):s=44100",
            "anoisesrc=color=pink:r=44100:seed=7,lowpass=f=3000", "anoisesrc=color=brown:r=44100:seed=7",
            "anoisesrc=color=pink:r=44100:seed=7,lowpass=f=12000,lowpass=f=12000",
        ])
    func honest(_ source: String) async throws {
        let scratch = try ScratchFolder()
        let output = scratch.file("in.wav")
        try await Tool.ffmpeg(
            "-filter_complex", "\(source),aresample=44100[o]", "-map", "[o]", "-t", "12", "-ac", "2", "-c:a",
            "pcm_s16le", output)
        let spectrum = try #require(try Engine.analyze(output).analysis.spectrum)
        #expect(spectrum.cutoff == nil, "\(spectrum)")
    }

    @Test("True peak is what interpolating everything finds, whatever was passed over", arguments: [48_000, 96_000])
    func truePeak(_ rate: Int) throws {
        let samples = Self.noise(30_011).enumerated().map { $1 * (0.3 + 0.7 * sin(Double($0) / 5000)) }
        let found = try #require(
            try Engine.analyze(SampledWave(rate: rate, bits: 32, isFloat: true, channels: [samples])).truePeak)
        let factor = rate < 96_000 ? 4 : 2
        var greatest = 0.0
        for index in samples.indices {
            for phase in 0..<factor {
                var value = 0.0
                for tap in stride(from: phase, to: 49, by: factor) where index >= tap / factor {
                    let x = Double(tap - 24) * .pi / Double(factor)
                    let window = 0.5 - 0.5 * cos(2 * .pi * Double(tap) / 48)
                    value += Double(Float(samples[index - tap / factor])) * window * (x == 0 ? 1 : sin(x) / x)
                }
                greatest = max(greatest, abs(value))
            }
        }
        #expect(abs(found - 20 * log10(greatest)) < 0.001)
    }

    @Test("A pixel holds the least and greatest sample of its 256, and coarser zooms follow exactly")
    func waveform() throws {
        let left = Self.noise(100_003)
        let right = left.map { $0 * 0.5 }
        let found = try Engine.analyze(SampledWave(channels: [left, right])).waveform
        #expect(found.samplesPerPixel == 256)
        #expect(found.pixelCount == (100_003 + 255) / 256)
        func expected(_ size: Int) -> [Int16] {
            let mix = zip(left, right).map { a, b in
                Int16((Double((a * 32_768).rounded() + (b * 32_768).rounded()) / 2).rounded(.towardZero))
            }
            return stride(from: 0, to: mix.count, by: size).flatMap { start -> [Int16] in
                let pixel = mix[start..<min(start + size, mix.count)]
                return [pixel.min() ?? 0, pixel.max() ?? 0]
            }
        }
        #expect(found.peaks == expected(256))
        #expect(found.zoomed(toAtMost: 100).peaks == expected(1024))
    }

    @Test("A day of audio keeps waveform and loudness series within their limits")
    func bounded() {
        var windows = LoudnessWindows()
        for second in 0..<86_400 {
            for _ in 0..<10 { windows.endHop(energy: LoudnessHistogram.energy(-20 - Double(second % 7))) }
        }
        let loudness = windows.measurement
        #expect(loudness.shortTerm.count <= LoudnessMeasurement.seriesLimit)
        #expect(loudness.interval == 16)
        #expect(abs(loudness.shortTerm.count - 86_400 / 16) <= 1)
        #expect(loudness.blocks.steps.count < 1000)

        var builder = WaveformBuilder(sampleRate: 8000, channels: 1)
        let pixels = 3 * Waveform.pixelLimit + 5
        for pixel in 0..<pixels { builder.append(-1, Float(pixel % 32_000)) }
        let waveform = builder.finish()
        #expect(waveform.samplesPerPixel == 1024)
        #expect(waveform.pixelCount == (pixels + 3) / 4)
        #expect(waveform.peaks[1] == 3 && waveform.peaks[3] == 7)
    }
}
