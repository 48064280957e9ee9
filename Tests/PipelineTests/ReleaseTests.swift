import Foundation
import Jobs
import Pipeline
import Postgres
import SystemPackage
import TestSupport
import Testing

/// Releases on their way from masters on disk to PENDING_REVIEW, on `file://` storage.
@Suite(.timeLimit(.minutes(5))) struct ReleaseTests {
    static let masters = [
        "audio/wav-s16-44100-stereo.wav", "audio/flac-s24-96000-stereo.flac", "audio/m4a-alac-s24-48000-stereo.m4a",
    ]

    /// A PROCESSING release with its masters and cover queued.
    func submit(_ bench: Workbench) async throws -> (id: UUID, tracks: [UUID]) {
        let release = try await bench.app.release(status: "PROCESSING", tracks: ["One", "Two", "Three"])
        for (track, master) in zip(release.tracks, Self.masters) {
            _ = try await bench.app.upload(try bench.upload(master), to: track)
        }
        _ = try await bench.app.upload(try bench.upload("images/jpeg-500.jpg"), to: release.id, type: "COVER_ART")
        return release
    }

    @Test func mastersOnDiskBecomeAReviewableRelease() async throws {
        let bench = try await Workbench()
        let release = try await submit(bench)
        let tally = try await bench.drain()
        #expect(tally.completed == 7)
        #expect(tally.failed == 0)
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
        let cover: String = try await bench.app.row("releases", release.id).decode("cover_art_url")
        #expect(FileManager.default.fileExists(atPath: try #require(URL(string: cover)).path))
        for track in try await bench.catalogue.tracks(of: release.id) {
            #expect(track.isUploaded)
            #expect(track.uploadStatus == "COMPLETED")
            #expect(track.processingStatus == "COMPLETED")
            let url = try #require(track.renditionURL)
            let path = try #require(URL(string: url)).path
            #expect(url.contains("/renditions/\(track.id.lowercased)/mp3-320/"))
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 == track.renditionBytes)
        }
    }

    @Test func theRenditionHasTheCataloguesTagsItsCoverAndEverySample() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(
            title: "Über Nacht", artist: "Søren & Zoë", status: "PROCESSING", tracks: ["星 — Star"])
        try await bench.database.execute("UPDATE tracks SET isrc = 'DEA123456789' WHERE id = \(release.tracks[0])")
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: release.tracks[0])
        _ = try await bench.app.upload(try bench.upload("images/jpeg-500.jpg"), to: release.id, type: "COVER_ART")
        try await bench.drain()
        let track = try #require(try await bench.catalogue.tracks(of: release.id).first)
        let url = try #require(track.renditionURL)
        let path = try #require(URL(string: url)).path
        let probe = try await TestTools.run(
            "/usr/bin/env",
            ["ffprobe", "-v", "error", "-show_entries", "format_tags:stream=codec_name", "-of", "json", path])
        let text = String(decoding: probe, as: UTF8.self)
        for tag in ["Über Nacht", "Søren & Zoë", "星 — Star", "1/1", "DEA123456789", "Electronic", "mjpeg"] {
            #expect(text.contains(tag), "\(tag) in \(text)")
        }
        let frames: Int64 = try await bench.database.query("SELECT sample_frames FROM renditions").single().decode(0)
        let samples = try await TestTools.run(
            "/usr/bin/env", ["ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-f", "s16le", "-"])
        #expect(Int64(samples.count) == frames * 4)
    }

    @Test func noTrackIsCutBeforeTheCoverThatBelongsInIt() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING")
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: release.tracks[0])
        let cover = try await bench.app.upload(
            try bench.upload("images/jpeg-500.jpg"), to: release.id, type: "COVER_ART")
        try await bench.database.execute(
            "UPDATE upload_jobs SET run_after = now() + interval '1 h' WHERE id = \(cover)")
        try await bench.drain()
        #expect(try await bench.processingJob(of: release.tracks[0]) == nil)
        #expect(
            try await bench.catalogue.progress(of: .processing).first?.sentence
                == "1 of 1 tracks uploaded, 0 rendered, the cover not uploaded yet")
        try await bench.database.execute("UPDATE upload_jobs SET run_after = now()")
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
        let url = try #require(try await bench.catalogue.tracks(of: release.id).first?.renditionURL)
        let streams = try await TestTools.run(
            "/usr/bin/env",
            ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0"]
                + [try #require(URL(string: url)).path])
        #expect(String(decoding: streams, as: UTF8.self) == "mp3\nmjpeg\n")
    }

    @Test func aLateRetryOfAnOlderUploadDoesNotReplaceTheNewerMaster() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release()
        let older = try await bench.app.upload(bench.uploads.appending("late.wav").string, to: release.tracks[0])
        try await bench.poll()
        let newer = try await bench.app.upload(try bench.upload(Self.masters[1]), to: release.tracks[0])
        try await bench.poll()
        _ = try bench.upload(Self.masters[0], as: "late.wav")
        try await bench.database.execute("UPDATE upload_jobs SET run_after = now()")
        try await bench.poll()
        #expect(try await bench.uploadJob(older)?.status == "COMPLETED")
        let url: String = try await bench.app.row("tracks", release.tracks[0]).decode("audio_file_url")
        #expect(url.contains(newer.lowercased))
    }

    @Test func deletingAReleaseWhileItsTracksAreCutDisturbsNobody() async throws {
        let bench = try await Workbench()
        let release = try await submit(bench)
        async let work = bench.drain()
        while try await bench.database.query("SELECT 1 FROM processing_jobs WHERE status = 'PROCESSING'").isEmpty {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(try await bench.database.execute("DELETE FROM releases WHERE id = \(release.id)") == 1)
        #expect(try await work.failed == 0)
        #expect(try await bench.database.query("SELECT 1 FROM renditions").isEmpty)
    }

    @Test func anIncompleteReleaseWaitsAndSaysHowFarItIs() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING", tracks: ["One", "Two", "Three"])
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: release.tracks[0])
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PROCESSING")
        let progress = try #require(try await bench.catalogue.progress(of: .processing).first)
        #expect(progress.sentence == "1 of 3 tracks uploaded, 1 rendered")
        #expect(progress.failure == nil)

        for (track, master) in zip(release.tracks, Self.masters).dropFirst() {
            _ = try await bench.app.upload(try bench.upload(master), to: track)
        }
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
    }

    @Test func aReleaseWithoutTracksWaits() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING", tracks: [])
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PROCESSING")
        #expect(
            try await bench.catalogue.progress(of: .one(release.id)).first?.sentence == "the release has no tracks yet")
    }

    @Test func deletingTheLastMissingTrackCompletesTheRelease() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING", tracks: ["One", "Two"])
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: release.tracks[0])
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PROCESSING")
        try await bench.database.execute("DELETE FROM tracks WHERE id = \(release.tracks[1])")
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
    }

    @Test(arguments: ["DRAFT", "PUBLISHED", "REJECTED", "PENDING_REVIEW"])
    func aReleaseThatIsNotProcessingIsNeverTouched(status: String) async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: status)
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: release.tracks[0])
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == status)
        #expect(try await bench.processingJob(of: release.tracks[0]) == nil)
    }

    @Test func aFailedTrackHoldsTheReleaseAndSaysWhyUntilItIsReplaced() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING", tracks: ["One", "Two"])
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: release.tracks[0])
        _ = try await bench.app.upload(try bench.upload("broken-audio/empty.wav"), to: release.tracks[1])
        try await bench.drain()
        try await bench.drain()
        let row = try await bench.app.row("releases", release.id)
        #expect(try row.decode("status", as: String.self) == "PROCESSING")
        let why: String = try #require(try row.decode("processing_error"))
        #expect(why.hasPrefix("track 2:"))
        #expect(why.contains("empty"))

        _ = try await bench.app.upload(try bench.upload(Self.masters[1]), to: release.tracks[1])
        try await bench.drain()
        let after = try await bench.app.row("releases", release.id)
        #expect(try after.decode("status", as: String.self) == "PENDING_REVIEW")
        #expect(try after.decode("processing_error", as: String?.self) == nil)
    }

    @Test func anotherMasterOfASubmittedReleaseIsCutAnew() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING")
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: release.tracks[0])
        try await bench.drain()
        let first = try await bench.database.query("SELECT sha256, source_url FROM renditions").single()
        try await bench.database.execute("UPDATE releases SET status = 'PROCESSING'")
        _ = try await bench.app.upload(try bench.upload(Self.masters[1]), to: release.tracks[0])
        try await bench.drain()
        let second = try await bench.database.query("SELECT sha256, source_url FROM renditions").single()
        #expect(try second.decode("sha256", as: String.self) != first.decode("sha256", as: String.self))
        #expect(try second.decode("source_url", as: String.self) != first.decode("source_url", as: String.self))
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
    }

    @Test func reprocessingCutsTheSameBytesAndLeavesTheStatusAlone() async throws {
        let bench = try await Workbench()
        let release = try await submit(bench)
        try await bench.drain()
        try await bench.database.execute("UPDATE releases SET status = 'PUBLISHED'")
        let before = try await bench.database.query("SELECT sha256 FROM renditions ORDER BY track_id")
            .map { try $0.decode(0, as: String.self) }
        let reprocess = Reprocess(database: bench.database)
        #expect(try await reprocess.plan(release: release.id).filter(\.isQueued).count == 3)
        #expect(try await reprocess.queue(release: release.id) == 3)
        let tally = try await bench.drain()
        #expect(tally.completed == 3)
        let after = try await bench.database.query("SELECT sha256 FROM renditions ORDER BY track_id")
            .map { try $0.decode(0, as: String.self) }
        #expect(after == before)
        #expect(try await bench.releaseStatus(release.id) == "PUBLISHED")
    }

    @Test func aReleaseThatSomebodyKeepsLockedStopsNoOther() async throws {
        let bench = try await Workbench()
        let locked = try await bench.app.release(status: "PROCESSING")
        _ = try await bench.app.upload(try bench.upload(Self.masters[0]), to: locked.tracks[0])
        try await bench.drain()
        // Ready again, so that every scan wants to move it.
        try await bench.database.execute("UPDATE releases SET status = 'PROCESSING'")
        let other = try await bench.app.release(status: "PROCESSING")
        _ = try await bench.app.upload(try bench.upload(Self.masters[1]), to: other.tracks[0])
        try await bench.database.withConnection { session in
            try await session.execute("BEGIN")
            try await session.execute("SELECT 1 FROM releases WHERE id = \(locked.id) FOR UPDATE")
            try await bench.drain()
            #expect(try await bench.releaseStatus(other.id) == "PENDING_REVIEW")
            #expect(try await bench.releaseStatus(locked.id) == "PROCESSING")
        }
        try await bench.drain()
        #expect(try await bench.releaseStatus(locked.id) == "PENDING_REVIEW")
    }

    @Test func twoWorkersCutEveryTrackOnce() async throws {
        let bench = try await Workbench()
        let release = try await submit(bench)
        async let first = bench.drain()
        async let second = bench.drain()
        let tally = try await first + second
        // Whoever is last may find what the other's uploads made ready.
        let rest = try await bench.drain()
        #expect(tally.completed + rest.completed == 7)
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
        let attempts: Int = try await bench.database.query(
            "SELECT max(attempt_count)::int8 FROM (SELECT attempt_count FROM upload_jobs UNION ALL SELECT attempt_count FROM processing_jobs) a"
        ).single().decode(0)
        #expect(attempts == 1)
    }
}
