import Foundation
import Postgres
import TestSupport
import Testing

/// enqueue, submit, status, jobs, reprocess: what an operator types, and what it answers.
struct OperatorTests {
    private static let nobody = "00000000-0000-4000-8000-00000000dead"

    private func refuses(_ outcome: Lathe.Outcome, _ line: String) {
        #expect(outcome.status == .exited(1))
        #expect(outcome.output == "")
        #expect(outcome.errorLines == ["lathe: \(line)"])
    }

    @Test func aReleaseIsEnqueuedSubmittedWorkedAndReported() async throws {
        let stage = try await Stage()
        let release = try await stage.rows.release(title: "Nächte", tracks: ["Eins", "Zwei"])
        let id = release.id.uuidString.lowercased()
        #expect(try await stage.lathe("status").outputLines == ["no release is PROCESSING"])
        for (index, track) in release.tracks.enumerated() {
            let path = try Tone(count: 90_000 + index).write(to: stage.masters.file("\(index).wav"))
            let outcome = try await stage.lathe("enqueue", "audio", track.uuidString, path)
            #expect(outcome.status == .exited(0))
            let job = try #require(outcome.outputLines.first.flatMap { UUID(uuidString: $0) })
            let row = try await stage.rows.row("upload_jobs", job)
            #expect(try row.decode("target_entity_id", as: UUID.self) == track)
            #expect(try row.decode("local_path", as: String.self) == path)
        }
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", stage.masters.file("c.png")])
        #expect(try await stage.lathe("enqueue", "cover", id, stage.masters.file("c.png")).status == .exited(0))

        let submitted = try await stage.lathe("submit", id)
        #expect(submitted.status == .exited(0))
        #expect(
            submitted.outputLines == [
                "\(id) is PROCESSING: 0 of 2 tracks uploaded, 0 rendered, the cover not uploaded yet"
            ])
        let waiting = try await stage.lathe("status")
        #expect(waiting.output.contains(id) && waiting.output.contains("Nächte"))

        let worked = try await stage.lathe("work", "--drain")
        #expect(worked.status == .exited(0), "\(worked.error)")
        #expect(worked.outputLines == ["5 done, 0 wait for another try, 0 failed, 0 given back"])
        let done = try await stage.lathe("status", id)
        #expect(done.status == .exited(0))
        #expect(done.output.contains("PENDING_REVIEW  2 of 2 tracks uploaded, 2 rendered"))
        #expect(done.outputLines.count { $0.contains("COMPLETED  COMPLETED") } == 2, "\(done.output)")
        let cover: String = try await stage.value("SELECT cover_art_url FROM releases")
        #expect(cover.hasSuffix(".png"))
        refuses(
            try await stage.lathe("submit", id),
            "release \(id) is PENDING_REVIEW; only a DRAFT or REJECTED one is submitted")
    }

    @Test func aRelativePathIsQueuedAsTheWorkersWillFindIt() async throws {
        let stage = try await Stage()
        let release = try await stage.rows.release()
        try Tone(count: 1000).write(to: stage.folder.file("one.wav"))
        let outcome = try await stage.lathe("enqueue", "audio", release.tracks[0].uuidString, "./one.wav")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        let path: String = try await stage.value("SELECT local_path FROM upload_jobs")
        #expect(path == stage.folder.file("one.wav"))
    }

    @Test func statusIsAlsoJSON() async throws {
        let stage = try await Stage()
        let release = try await stage.rows.release(status: "PROCESSING", tracks: ["A", "B"])
        let outcome = try await stage.lathe("status", "--json")
        #expect(outcome.status == .exited(0))
        let line = try #require(outcome.outputLines.first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect((object["id"] as? String)?.lowercased() == release.id.uuidString.lowercased())
        #expect(object["track_count"] as? Int == 2)
        #expect(object["status"] as? String == "PROCESSING")
    }

    @Test func whatIsNotThereIsSaid() async throws {
        let stage = try await Stage()
        let nobody = Self.nobody
        let file = try Tone(count: 1000).write(to: stage.masters.file("one.wav"))
        refuses(try await stage.lathe("submit", nobody), "there is no release \(nobody)")
        refuses(try await stage.lathe("status", nobody), "there is no release \(nobody)")
        refuses(try await stage.lathe("jobs", "show", nobody), "there is no job \(nobody)")
        refuses(try await stage.lathe("jobs", "retry", nobody), "there is no job \(nobody)")
        refuses(try await stage.lathe("enqueue", "audio", nobody, file), "there is no track \(nobody)")
        refuses(try await stage.lathe("enqueue", "cover", nobody, file), "there is no release \(nobody)")
        refuses(try await stage.lathe("enqueue", "audio", nobody, "/nowhere.wav"), "/nowhere.wav does not exist")
        refuses(
            try await stage.lathe("reprocess", "--release", nobody),
            "there is no release \(nobody); nothing was queued")
        #expect(try await stage.value("SELECT count(*) FROM upload_jobs", as: Int.self) == 0)
    }

    @Test(arguments: ["PROCESSING", "PENDING_REVIEW", "PUBLISHED"])
    func onlyADraftOrARejectedReleaseIsSubmitted(status: String) async throws {
        let stage = try await Stage()
        let release = try await stage.rows.release(status: status)
        let id = release.id.uuidString.lowercased()
        refuses(
            try await stage.lathe("submit", id),
            "release \(id) is \(status); only a DRAFT or REJECTED one is submitted")
        #expect(try await stage.status(ofRelease: release.id) == status)
    }

    @Test func aFailedJobIsListedShownAndRetried() async throws {
        let stage = try await Stage()
        let release = try await stage.rows.release(status: "PROCESSING")
        let path = try stage.masters.write("words, not music", as: "one.wav")
        let job = try await stage.rows.upload(path, to: release.tracks[0]).uuidString.lowercased()
        let worked = try await stage.lathe("work", "--drain")
        #expect(worked.status == .exited(1))
        #expect(worked.errorLines.last == "lathe: 1 job failed: see `lathe jobs list --status FAILED`")

        let list = try await stage.lathe("jobs", "list", "--status", "failed")
        #expect(list.outputLines.count == 2 && list.output.contains(job), "\(list.output)")
        #expect(try await stage.lathe("jobs", "list", "--status", "PENDING").outputLines.count == 1)
        let shown = try await stage.lathe("jobs", "show", job)
        #expect(shown.outputLines.contains("status   FAILED"))
        #expect(shown.outputLines.contains("source   \(path)"))
        #expect(shown.outputLines.contains { $0.hasPrefix("error    ") })
        let json = try await stage.lathe("jobs", "show", job, "--json")
        let record = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        #expect(record["status"] as? String == "FAILED")
        #expect((record["id"] as? String)?.lowercased() == job)

        try Tone(count: 50_000).write(to: path)
        #expect(try await stage.lathe("jobs", "retry", job).outputLines == ["\(job) is PENDING again"])
        #expect(try await stage.lathe("work", "--drain").status == .exited(0))
        #expect(try await stage.status(ofRelease: release.id) == "PENDING_REVIEW")
        refuses(
            try await stage.lathe("jobs", "retry", job), "job \(job) is COMPLETED: there is nothing to retry")
    }

    @Test func ordersReachJobsAndQueues() async throws {
        let stage = try await Stage()
        let release = try await stage.rows.release(tracks: ["A", "B"])
        let path = try stage.masters.write("words, not music", as: "one.wav")
        var jobs: [String] = []
        for track in release.tracks {
            jobs.append(try await stage.rows.upload(path, to: track).uuidString.lowercased())
        }
        #expect(try await stage.lathe("jobs", "pause", "upload").outputLines == ["upload is paused"])
        #expect(try await stage.lathe("jobs", "pause", "upload").outputLines == ["upload was paused already"])
        #expect(
            try await stage.lathe("work", "--drain").outputLines
                == ["0 done, 0 wait for another try, 0 failed, 0 given back"])
        let queues = try await stage.lathe("jobs", "queues")
        #expect(queues.outputLines.count == 3)
        #expect(queues.output.contains("paused since") && queues.output.contains("open"), "\(queues.output)")
        let json = try #require(try await stage.lathe("jobs", "queues", "--json").outputLines.first)
        let statistics = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(statistics["due"] as? Int == 2)

        #expect(try await stage.lathe("jobs", "cancel", jobs[1]).outputLines == ["\(jobs[1]) is cancelled"])
        refuses(
            try await stage.lathe("jobs", "cancel", jobs[1]), "job \(jobs[1]) is FAILED: there is nothing to cancel")
        #expect(
            try await stage.lathe("jobs", "prioritize", jobs[0], "--priority", "-7").outputLines
                == ["\(jobs[0]) has priority -7"])
        #expect(try await stage.lathe("jobs", "resume", "upload").outputLines == ["upload goes on"])
        #expect(try await stage.lathe("work", "--drain").status == .exited(1))
        let shown = try await stage.lathe("jobs", "show", jobs[0])
        #expect(shown.outputLines.contains("priority -7"))
        #expect(shown.outputLines.contains { $0.hasPrefix("1 ") && $0.contains("failed") }, "\(shown.output)")
        #expect(try await stage.lathe("jobs", "retry", "--all-failed").outputLines == ["1 job PENDING again"])
        refuses(
            try await stage.lathe("jobs", "prioritize", jobs[1]), "job \(jobs[1]) is FAILED: it waits for nothing")
        #expect(try await stage.lathe("jobs", "retry").status == .exited(64))
        #expect(try await stage.lathe("jobs", "pause", "everything").status == .exited(64))
    }

    @Test func aStatusThatIsNoneIsAUsageError() async throws {
        let stage = try await Stage()
        let outcome = try await stage.lathe("jobs", "list", "--status", "BROKEN")
        #expect(outcome.status == .exited(64))
        #expect(outcome.error.contains("BROKEN") && outcome.error.contains("PENDING"), "\(outcome.error)")
    }

    @Test func reprocessingCutsTheTracksAnewAndLeavesTheStatus() async throws {
        let stage = try await Stage()
        let release = try await stage.submittedRelease(lengths: [30_000, 40_000])
        #expect(try await stage.lathe("work", "--drain").status == .exited(0))
        try await stage.database.execute("UPDATE releases SET status = 'PUBLISHED'")
        let id = release.id.uuidString.lowercased()

        let plan = try await stage.lathe("reprocess", "--release", id, "--dry-run")
        #expect(
            plan.outputLines == ["\(id)  1  Track 1: queued", "\(id)  2  Track 2: queued", "2 tracks would be queued"])
        let pending = "SELECT count(*) FROM processing_jobs WHERE status = 'PENDING'"
        #expect(try await stage.value("\(unsafeRaw: pending)", as: Int.self) == 0)
        for _ in 0..<2 {
            let queued = try await stage.lathe("reprocess", "--release", id)
            #expect(queued.outputLines == ["\(id): 2 tracks queued", "2 tracks queued in 1 release"])
        }
        #expect(try await stage.value("\(unsafeRaw: pending)", as: Int.self) == 2)
        #expect(try await stage.lathe("work", "--drain").outputLines.first?.hasPrefix("2 done, ") == true)
        #expect(try await stage.status(ofRelease: release.id) == "PUBLISHED")
        #expect(try await stage.value("SELECT count(*) FROM renditions", as: Int.self) == 2)
        #expect(try await stage.value("SELECT min(attempt_count) FROM processing_jobs", as: Int.self) == 2)
    }
}
