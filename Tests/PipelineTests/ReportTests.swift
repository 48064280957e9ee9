import Foundation
import Jobs
import Pipeline
import Postgres
import SystemPackage
import TestSupport
import Testing

/// What the processing worker leaves for a reviewer.
@Suite(.timeLimit(.minutes(5))) struct ReportTests {
    private static let songs = ["music/01-first-cut.flac", "music/02-slow-feed.wav", "music/03-three-jaw-lullaby.flac"]

    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        String(decoding: try await TestTools.run("/usr/bin/env", [program] + arguments), as: UTF8.self)
    }

    /// The last number that `pattern` captures in what ffmpeg's ebur128 says of `files`, played one after the other.
    private func byFFmpeg(_ files: [String], _ pattern: Regex<(Substring, Substring)>) async throws -> Double {
        let inputs = files.flatMap { ["-i", $0] }
        let parts = files.indices.map { "[\($0):a]aresample=48000,aformat=channel_layouts=stereo[a\($0)]" }
        let joined =
            files.indices.map { "[a\($0)]" }.joined() + (files.count > 1 ? "concat=n=\(files.count):v=0:a=1," : "")
        let chain = parts.joined(separator: ";") + ";" + joined + "ebur128=peak=true:framelog=verbose[out]"
        let text = try await run(
            "sh",
            ["-c", "exec \"$@\" 2>&1", "-", "ffmpeg", "-nostdin", "-hide_banner"] + inputs
                + ["-filter_complex", chain, "-map", "[out]", "-f", "null", "-"])
        let found = try #require(text.matches(of: pattern).last)
        return try #require(Double(found.1))
    }

    @Test func everyTrackIsMeasuredAndTheReleaseAsOne() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING", tracks: ["One", "Two", "Three"])
        var files: [String] = []
        for (track, song) in zip(release.tracks, Self.songs.prefix(2) + ["audio/wav-s16-44100-stereo.wav"]) {
            files.append(try bench.upload(song))
            _ = try await bench.app.upload(files[files.count - 1], to: track)
        }
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
        for (file, track) in zip(files, try await bench.catalogue.tracks(of: release.id)) {
            let row = try await bench.database.query(
                "SELECT * FROM audio_reports WHERE track_id = \(track.id)"
            ).single()
            let hash = try await run("sha256sum", [file]).prefix(64)
            #expect(try row.decode("source_sha256", as: String.self) == hash)
            #expect(
                try await abs(row.decode("integrated_lufs", as: Double.self) - byFFmpeg([file], /I: +(-?[\d.]+) LUFS/))
                    < 0.15)
            #expect(
                try await abs(
                    row.decode("true_peak_dbtp", as: Double.self) - byFFmpeg([file], /Peak: +(-?[\d.]+) dBFS/)) < 0.25)
            let report = try Data(contentsOf: #require(URL(string: row.decode("report_url", as: String.self))))
            let json = try #require(try JSONSerialization.jsonObject(with: report) as? [String: Any])
            #expect(try json["sha256"] as? String == row.decode("source_sha256", as: String.self))
            #expect((json["findings"] as? [Any])?.count == track.measured?.findings.count)
            let waveform = try Data(contentsOf: #require(URL(string: row.decode("waveform_url", as: String.self))))
            let samples: Int64 = try row.decode("sample_frames")
            #expect(waveform.first == 2)
            #expect(waveform[12..<16].reversed().reduce(0) { $0 << 8 | Int($1) } == 256)
            #expect(Int64(waveform[16..<20].reversed().reduce(0) { $0 << 8 | Int($1) }) == (samples + 255) / 256)
        }
        let progress = try #require(try await bench.catalogue.progress(of: .one(release.id)).first)
        let album = try #require(progress.integratedLoudness)
        #expect(try await abs(album - byFFmpeg(files, /I: +(-?[\d.]+) LUFS/)) < 0.2)
    }

    @Test func theSameRecordingIsRecognizedWhateverItsFormat() async throws {
        let bench = try await Workbench()
        let first = try await bench.app.release(status: "PROCESSING", tracks: ["One", "Two"])
        _ = try await bench.app.upload(try bench.upload(Self.songs[0]), to: first.tracks[0])
        _ = try await bench.app.upload(try bench.upload(Self.songs[2]), to: first.tracks[1])
        try await bench.drain()
        let song = RepositoryPaths.fixtures.appending(Self.songs[0]).string
        let (wave, late) = (bench.uploads.appending("same.wav").string, bench.uploads.appending("late.m4a").string)
        _ = try await run("ffmpeg", ["-v", "error", "-nostdin", "-i", song, wave])
        _ = try await run(
            "ffmpeg", ["-v", "error", "-nostdin", "-ss", "3", "-i", song, "-c:a", "aac", "-b:a", "128k", late])
        let second = try await bench.app.release(status: "PROCESSING", tracks: ["Three", "Four", "Five"])
        for (track, file) in zip(second.tracks, [wave, late, try bench.upload(Self.songs[1])]) {
            _ = try await bench.app.upload(file, to: track)
            // One after the other, so that the later finds the earlier.
            try await bench.drain()
        }
        let measured = try await bench.catalogue.tracks(of: second.id).map { try #require($0.measured).duplicates }
        #expect(measured[0].map(\.track) == [first.tracks[0]])
        #expect(measured[0].first?.hasSameSamples == true)
        #expect(Set(measured[1].map(\.track)) == [first.tracks[0], second.tracks[0]])
        let match = try #require(measured[1].first)
        #expect(!match.hasSameSamples && match.agreement > 0.85)
        #expect(abs(match.shift - 3) < 0.3)
        #expect(measured[2].isEmpty)
    }

    @Test func anotherMasterHasAReportOfItsOwn() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING", tracks: ["One"])
        _ = try await bench.app.upload(try bench.upload("audio/wav-s16-44100-stereo.wav"), to: release.tracks[0])
        try await bench.drain()
        let old = try #require(try await bench.catalogue.tracks(of: release.id).first?.measured)
        try await bench.database.execute("UPDATE releases SET status = 'PROCESSING' WHERE id = \(release.id)")
        _ = try await bench.app.upload(try bench.upload(Self.songs[0]), to: release.tracks[0])
        try await bench.drain()
        let new = try #require(try await bench.catalogue.tracks(of: release.id).first?.measured)
        #expect(new.reportURL != old.reportURL)
        #expect(new.integratedLoudness != old.integratedLoudness)
        #expect(
            try await bench.catalogue.progress(of: .one(release.id)).first?.integratedLoudness == new.integratedLoudness
        )
    }
}
