import Audio
import Foundation
import MediaContract
import Reports
import SystemPackage
import TestSupport
import Testing

/// Real music, and what lossy encoders and rate converters make of it.
@Suite("Masters")
struct MasterTests {
    private static let music = RepositoryPaths.fixtures.appending("music")

    private static func findings(_ path: String) throws -> [Finding] {
        let file = try FileDescriptor.open(FilePath(path), .readOnly)
        return try file.closeAfter {
            let (inspection, analysis) = try AudioInspector.analyze(file)
            return analysis.findings(for: inspection)
        }
    }

    @Test(
        "that are honest are not warned of",
        arguments: ["01-first-cut.flac", "02-slow-feed.wav", "03-three-jaw-lullaby.flac", "04-parting-off.flac"])
    func honest(_ name: String) throws {
        let findings = try Self.findings(Self.music.appending(name).string)
        #expect(findings.allSatisfy { $0.severity == .note && [.mono, .short].contains($0.code) }, "\(findings)")
    }

    /// ffmpeg's options for the way there, and for the way back into a lossless file.
    @Test(
        "that went through something else are found out",
        arguments: [
            (["-c:a", "libmp3lame", "-b:a", "128k"], "x.mp3", [], "warn lossy-source"),
            (["-c:a", "libmp3lame", "-b:a", "192k"], "x.mp3", [], "warn lossy-source"),
            (["-c:a", "libmp3lame", "-b:a", "320k"], "x.mp3", [], "note band-limited"),
            (["-c:a", "aac", "-b:a", "128k"], "x.m4a", [], "warn lossy-source"),
            (["-c:a", "libvorbis", "-q:a", "4"], "x.ogg", [], "warn lossy-source"),
            (["-c:a", "pcm_s16le"], "x.wav", ["-af", "aresample=96000:resampler=soxr"], "warn upsampled"),
            (["-c:a", "pcm_s16le"], "x.wav", ["-af", "aresample=96000:resampler=swr"], "warn upsampled"),
            (["-c:a", "pcm_s16le"], "x.wav", ["-c:a", "pcm_s24le"], "warn padded-bits"),
        ])
    func fakes(_ there: [String], _ name: String, _ back: [String], _ expected: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "masters-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (middle, end) = (folder.appending(path: name).path, folder.appending(path: "end.flac").path)
        let source = Self.music.appending("01-first-cut.flac").string
        let quiet = ["-v", "error", "-nostdin"]
        try await Foreign.run("ffmpeg", quiet + ["-i", source, "-map", "0:a"] + there + [middle])
        let isPadding = back == ["-c:a", "pcm_s24le"]
        let target = isPadding ? end.replacing(".flac", with: ".wav") : end
        try await Foreign.run("ffmpeg", quiet + ["-i", middle] + back + [target])
        let findings = try Self.findings(target).map { "\($0.severity.rawValue) \($0.code.rawValue)" }
        #expect(findings.contains(expected), "\(findings)")
        #expect(findings.count { $0.hasPrefix("warn") && $0 != "warn true-peak-over-full-scale" } <= 1, "\(findings)")
    }
}
