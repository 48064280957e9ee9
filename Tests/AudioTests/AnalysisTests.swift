import Foundation
import MediaContract
import Testing

@testable import Audio

/// Every measurement against other programs.
@Suite("Analysis")
struct AnalysisTests {
    @Test("agrees with ffmpeg's meter on every fixture", arguments: Manifest.shared.readable)
    func loudness(_ fixture: Manifest.Audio) async throws {
        let analysis = try Engine.analyze(fixture.path).analysis
        let meter = try await ForeignMeter.ffmpeg(fixture.path)
        // ffmpeg prints −70 where nothing is above the gate.
        #expect(abs((analysis.loudness.integrated ?? -70) - meter.integrated) <= 0.1)
        #expect(abs((analysis.loudness.range ?? 0) - meter.range) <= 0.1)
        #expect(abs((analysis.samplePeak ?? -200) - meter.samplePeak) <= 0.1)
        #expect(abs((analysis.truePeak ?? -200) - meter.truePeak) <= 0.1)
    }

    @Test("hashes the samples ffmpeg decodes", arguments: Manifest.shared.readable.filter(\.format.isLossless))
    func hash(_ fixture: Manifest.Audio) async throws {
        let (inspection, analysis) = try Engine.analyze(fixture.path)
        let isFloat = inspection.format.codec.hasPrefix("pcm_f")
        let bits = inspection.format.bitsPerSample ?? 16
        let format = isFloat ? "f\(bits)le" : bits <= 8 ? "u8" : bits <= 16 ? "s16le" : "s32le"
        let samples = try await Tool.run(
            "ffmpeg", ["-v", "error", "-nostdin", "-i", fixture.path, "-map", "0:a", "-f", format, "-"])
        #expect(try await analysis.samplesSHA256 == Tool.sha256(samples))
    }

    @Test("fingerprints as fpcalc does", arguments: Manifest.shared.music)
    func fingerprint(_ fixture: Manifest.Audio) async throws {
        let analysis = try Engine.analyze(fixture.path).analysis
        let output = String(decoding: try await Tool.run("fpcalc", ["-plain", fixture.path]), as: UTF8.self)
        #expect(analysis.fingerprint?.compressed == output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test("counts the same samples as an inspection", arguments: Manifest.shared.readable)
    func inspection(_ fixture: Manifest.Audio) throws {
        #expect(try Engine.analyze(fixture.path).inspection == Engine.inspect(fixture.path))
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
                "ebur128=peak=sample+true:framelog=verbose",
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
            range: try value("LRA:", after: "Loudness range"),
            samplePeak: try value("Peak:", after: "Sample peak"), truePeak: try value("Peak:", after: "True peak"))
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
