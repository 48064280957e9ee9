import Foundation
import MediaContract
import Testing

@testable import Audio

/// Every measurement against other programs.
@Suite("Analysis")
struct AnalysisTests {
    @Test("agrees with ffmpeg's meter, sha256sum and fpcalc on every fixture", arguments: Manifest.shared.readable)
    func fixtures(_ fixture: Manifest.Audio) async throws {
        let (inspection, analysis) = try Engine.analyze(fixture.path)
        #expect(try inspection == Engine.inspect(fixture.path))
        let meter = try await ForeignMeter.ffmpeg(fixture.path)
        // ffmpeg prints −70 where nothing is above the gate.
        #expect(abs((analysis.loudness.integrated ?? -70) - meter.integrated) <= 0.1)
        #expect(abs((analysis.loudness.range ?? 0) - meter.range) <= 0.15)
        #expect(abs((analysis.samplePeak ?? -200) - meter.samplePeak) <= 0.1)
        // ffmpeg brings all to 192 kHz, which takes the noise away that DSD has above.
        if inspection.format.sampleRate <= 192_000 {
            #expect(abs((analysis.truePeak ?? -200) - meter.truePeak) <= 0.1)
        }
        if inspection.format.isLossless { try await checkHash(fixture, inspection, analysis) }
        // fpcalc makes 11,025 Hz with another resampler than Chromaprint does with the samples it is fed.
        if inspection.format.isLossless { try await checkFingerprint(fixture, analysis) }
    }

    private func checkHash(
        _ fixture: Manifest.Audio, _ inspection: AudioInspection, _ analysis: AudioAnalysis
    ) async throws {
        let isFloat = inspection.format.codec.hasPrefix("pcm_f") || inspection.format.codec.hasPrefix("dsd_")
        let bits = inspection.format.bitsPerSample ?? 32
        let format = isFloat ? "f\(bits)le" : bits <= 8 ? "u8" : bits <= 16 ? "s16le" : "s32le"
        let samples = try await Tool.run(
            "ffmpeg", ["-v", "error", "-nostdin", "-i", fixture.path, "-map", "0:a", "-f", format, "-"])
        #expect(try await analysis.samplesSHA256 == Tool.sha256(samples))
    }

    private func checkFingerprint(_ fixture: Manifest.Audio, _ analysis: AudioAnalysis) async throws {
        // Without -ignore-errors, fpcalc 1.5.1 exits with 3 at every end of a file.
        guard let fingerprint = analysis.fingerprint else { return }
        let output = try await Tool.run("fpcalc", ["-plain", "-ignore-errors", fixture.path])
        let expected = String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try Fingerprinter.agreement(fingerprint.compressed, expected) >= 0.97)
    }

    @Test("refuses broken files as an inspection does", arguments: Manifest.shared.brokenAudio)
    func broken(_ fixture: Manifest.Broken) throws {
        #expect(try requireFailure { try Engine.analyze(fixture.path) }.kind == fixture.failure)
    }
}

extension Engine {
    static func analyze(_ path: String) throws -> (inspection: AudioInspection, analysis: AudioAnalysis) {
        try withInput(path) { try AudioInspector.analyze($0) }
    }

    /// The analysis of a WAV file made here.
    static func analyze(_ wave: SampledWave) throws -> AudioAnalysis {
        let scratch = try ScratchFolder()
        return try analyze(scratch.write(wave.bytes, as: "in.wav")).analysis
    }
}

/// What `ffmpeg -af ebur128=peak=sample+true` prints as its summary.
struct ForeignMeter {
    var integrated: Double
    var range: Double
    var samplePeak: Double
    var truePeak: Double

    static func ffmpeg(_ path: String) async throws -> ForeignMeter {
        let log = try await Tool.log(
            "ffmpeg",
            [
                "-nostdin", "-hide_banner", "-i", path, "-map", "0:a", "-af",
                "ebur128=peak=sample+true:framelog=info",
                "-f", "null", "-",
            ])
        let lines = log.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        func value(_ name: String, after heading: String) throws -> Double {
            let start = try #require(lines.lastIndex { $0.hasPrefix(heading) })
            let line = try #require(lines[start...].first { $0.hasPrefix(name) })
            return Double(line.split(separator: " ")[1]) ?? -200
        }
        return ForeignMeter(
            integrated: try value("I:", after: "Integrated loudness"),
            range: range(of: lines.compactMap(shortTerm)),
            samplePeak: try value("Peak:", after: "Sample peak"), truePeak: try value("Peak:", after: "True peak"))
    }
}

extension ForeignMeter {
    /// The short-term loudness in a line of ffmpeg's, "… t: 3.1 … S: -20.3 I: …".
    private static func shortTerm(_ line: String) -> Double? {
        guard let label = line.range(of: " S:") else { return nil }
        return line[label.upperBound...].split(separator: " ").first.flatMap { Double($0) }
    }

    /// EBU Tech 3342 with ffmpeg's windows, sorted. Its own figure is off by up to 0.2 LU in short files, because it
    /// counts the ranks of the percentiles from either end.
    private static func range(of windows: [Double]) -> Double {
        let audible = windows.filter { $0 > -70 }
        guard !audible.isEmpty else { return 0 }
        let mean = audible.reduce(0) { $0 + pow(10, $1 / 10) } / Double(audible.count)
        let kept = audible.filter { $0 >= 10 * log10(mean) - 20 }.sorted()
        let last = Double(kept.count - 1)
        return kept[Int((last * 0.95).rounded())] - kept[Int((last * 0.1).rounded())]
    }
}

extension Tool {
    /// Runs `name` and gives what it wrote to standard error.
    static func log(_ name: String, _ arguments: [String]) async throws -> String {
        let command = "exec 2>&1; exec \"$@\""
        return String(decoding: try await run("sh", ["-c", command, name, name] + arguments), as: UTF8.self)
    }

    /// `sha256sum` of `bytes`.
    static func sha256(_ bytes: [UInt8]) async throws -> String {
        let scratch = try ScratchFolder()
        let path = try scratch.write(bytes, as: "bytes")
        return String(decoding: try await run("sha256sum", [path]).prefix(64), as: UTF8.self)
    }
}
