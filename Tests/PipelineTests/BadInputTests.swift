import Foundation
import Jobs
import Pipeline
import Postgres
import SystemPackage
import TestSupport
import Testing

/// What becomes of a job whose input is bad: the state its row ends in and what error_log says.
@Suite(.timeLimit(.minutes(5))) struct BadInputTests {
    /// Runs one AUDIO upload of `path` and returns its job.
    private func upload(_ path: String, in bench: Workbench) async throws -> JobRecord {
        let release = try await bench.app.release()
        let id = try await bench.app.upload(path, to: release.tracks[0])
        try await bench.poll()
        let track = try await bench.app.row("tracks", release.tracks[0])
        #expect(try track.decode("audio_file_url", as: String.self) == "", "nothing was published")
        return try #require(try await bench.uploadJob(id))
    }

    @Test func aMissingFileIsTriedAgainAndThenFails() async throws {
        let bench = try await Workbench()
        var job = try await upload(bench.uploads.appending("nowhere.wav").string, in: bench)
        for retry in 1...3 {
            #expect(job.status == "PENDING")
            #expect(job.retryCount == retry)
            #expect(job.error?.contains("nowhere.wav does not exist on") == true, "\(job.error ?? "")")
            try await bench.database.execute("UPDATE upload_jobs SET run_after = now()")
            try await bench.poll()
            job = try #require(try await bench.uploadJob(job.id))
        }
        #expect(job.status == "FAILED")
        #expect(job.retryCount == 3)
    }

    @Test func aMissingFileThatArrivesLateIsUploaded() async throws {
        let bench = try await Workbench()
        let job = try await upload(bench.uploads.appending("wav-s16-44100-stereo.wav").string, in: bench)
        _ = try bench.upload("audio/wav-s16-44100-stereo.wav")
        try await bench.database.execute("UPDATE upload_jobs SET run_after = now()")
        try await bench.drain()
        let after = try #require(try await bench.uploadJob(job.id))
        #expect(after.status == "COMPLETED")
        #expect(after.error == nil)
    }

    @Test func aDirectoryFailsAtOnce() async throws {
        let bench = try await Workbench()
        let path = bench.uploads.appending("album")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: false)
        let job = try await upload(path.string, in: bench)
        #expect(job.status == "FAILED")
        #expect(job.error == "\(path) is a directory, not a file")
        #expect(job.retryCount == 0)
    }

    @Test func aNamedPipeFailsAtOnceAndBlocksNothing() async throws {
        let bench = try await Workbench()
        let path = bench.uploads.appending("pipe.wav").string
        try #require(unsafe mkfifo(path, 0o600) == 0)
        let job = try await upload(path, in: bench)
        #expect(job.status == "FAILED")
        #expect(job.error == "\(path) is not a regular file")
    }

    @Test(arguments: [
        "/etc/passwd", "ROOT/../outside.wav", "ROOT/link.wav", "/proc/self/environ", "relative-nowhere.wav",
    ])
    func aPathOutsideTheUploadRootsIsNeverRead(path: String) async throws {
        let bench = try await Workbench()
        let outside = bench.uploads.removingLastComponent().appending("outside.wav").string
        try Data([1, 2, 3]).write(to: URL(filePath: outside))
        try FileManager.default.createSymbolicLink(
            atPath: bench.uploads.appending("link.wav").string, withDestinationPath: outside)
        let job = try await upload(path.replacing("ROOT", with: bench.uploads.string), in: bench)
        if path.hasPrefix("relative") {
            #expect(job.status == "PENDING", "it may still arrive in the root")
        } else {
            #expect(job.status == "FAILED")
            #expect(
                job.error?.contains("is outside the upload roots (LATHE_UPLOAD_ROOTS") == true, "\(job.error ?? "")")
        }
        #expect(
            try FileManager.default.subpathsOfDirectory(atPath: bench.storage.string).allSatisfy {
                !$0.contains("audio/")
            })
    }

    @Test(arguments: [
        ("broken-audio/empty.wav", "is empty (0 bytes)"),
        ("broken-audio/text-named-wav.wav", "the file is text, not audio"),
        ("broken-audio/playlist-named-wav.wav", "the file is text, not audio"),
        ("broken-audio/jpeg-named-wav.wav", "JPEG"),
        ("broken-audio/no-samples.wav", "holds no audio"),
        ("broken-audio/truncated-flac.flac", "the file ends after 0.4 s of the 1.0 s its header declares"),
        ("broken-audio/truncated-wav.wav", "the file ends after 0.5 s of the 1.0 s its header declares"),
        ("broken-audio/cover-only.m4a", "holds no audio stream"),
        ("broken-audio/flac-flipped-bit.flac", "the audio is damaged at 0.3 s"),
    ])
    func aFileThatIsNoWholeAudioFailsAtOnce(fixture: String, says: String) async throws {
        let bench = try await Workbench()
        let job = try await upload(try bench.upload(fixture), in: bench)
        #expect(job.status == "FAILED")
        #expect(job.retryCount == 0)
        let error = try #require(job.error)
        #expect(!error.contains("\n"))
        #expect(error.contains(says), "\(error)")
    }

    @Test(arguments: [
        "broken-images/truncated-jpeg.jpg", "broken-images/text-named-jpg.jpg", "broken-images/wav-named-jpg.jpg",
    ])
    func aCoverThatIsNoPictureFailsAtOnce(fixture: String) async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release()
        let id = try await bench.app.upload(try bench.upload(fixture), to: release.id, type: "COVER_ART")
        try await bench.drain()
        #expect(try await bench.uploadJob(id)?.status == "FAILED")
        #expect(try await bench.app.row("releases", release.id).decode("cover_art_url", as: String?.self) == nil)
    }

    @Test(arguments: ["AUDIO", "COVER_ART"])
    func anUnknownTargetFailsAtOnce(type: String) async throws {
        let bench = try await Workbench()
        let id = try await bench.app.upload(try bench.upload("audio/wav-s16-44100-stereo.wav"), to: UUID(), type: type)
        try await bench.drain()
        let job = try #require(try await bench.uploadJob(id))
        #expect(job.status == "FAILED")
        #expect(job.error?.contains("it was deleted or never existed") == true)
    }

    @Test func aMasterThatIsGoneFromStorageIsTriedAgainThenFails() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING")
        try await bench.database.execute(
            "UPDATE tracks SET audio_file_url = \("file://\(bench.storage)/audio/gone.wav") WHERE id = \(release.tracks[0])"
        )
        try await bench.poll()
        let job = try #require(try await bench.processingJob(of: release.tracks[0]))
        #expect(job.status == "PENDING")
        #expect(job.retryCount == 1)
        #expect(job.error?.contains("audio/gone.wav") == true)
    }

    @Test(arguments: ["https://elsewhere.example/a.wav", "file:///etc/passwd", "not a url"])
    func aMasterUrlThatIsNotOursIsNeverFetched(url: String) async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING")
        try await bench.database.execute("UPDATE tracks SET audio_file_url = \(url)")
        try await bench.drain()
        let job = try #require(try await bench.processingJob(of: release.tracks[0]))
        #expect(job.status == "FAILED")
        #expect(job.error?.contains("LATHE_MASTER_HOSTS") == true, "\(job.error ?? "")")
        #expect(try await bench.releaseStatus(release.id) == "PROCESSING")
    }

    @Test(.enabled(if: SmallDisk.isPossible, "a small file system can be mounted only as root"))
    func aFullWorkDirectoryPutsTheJobOffAndLosesNothing() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release(status: "PROCESSING")
        _ = try await bench.app.upload(try bench.upload("music/02-slow-feed.wav"), to: release.tracks[0])
        let disk = try SmallDisk(bytes: 1 << 20)
        try await bench.drain { $0.workDirectory = disk.path.string }
        let job = try #require(try await bench.processingJob(of: release.tracks[0]))
        #expect(job.status == "PENDING")
        #expect(job.retryCount == 0, "a full disk is not the job's fault")
        #expect(
            job.error?.lowercased().contains("full") == true || job.error?.contains("space") == true,
            "\(job.error ?? "")")
        try await bench.database.execute("UPDATE processing_jobs SET run_after = now()")
        try await bench.drain()
        #expect(try await bench.releaseStatus(release.id) == "PENDING_REVIEW")
    }
}
