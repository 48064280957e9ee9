import Foundation
import Postgres
import TestSupport
import Testing

/// `lathe work` where all goes well, and where its settings are wrong.
struct WorkTests {
    @Test func drainCarriesAReleaseToReview() async throws {
        let stage = try await Stage()
        let lengths = [44_100, 100_037, 23_456]
        let release = try await stage.submittedRelease(lengths: lengths)
        let outcome = try await stage.lathe("work", "--drain")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.outputLines == ["6 done, 0 wait for another try, 0 failed, 0 given back"])
        #expect(try await stage.status(ofRelease: release.id) == "PENDING_REVIEW")
        for (track, length) in zip(release.tracks, lengths) {
            let url: String = try await stage.value("SELECT url FROM renditions WHERE track_id = \(track)")
            let path = try #require(URL(string: url)).path
            #expect(path.hasPrefix(stage.storage.path))
            #expect(try await Tool.samplesByFFmpeg(path) == length)
            #expect(
                try await stage.value("SELECT sample_frames FROM renditions WHERE track_id = \(track)") == length)
        }
        #expect(try await stage.value("SELECT count(*) FROM workers", as: Int.self) == 0)
    }

    @Test func onceRunsWhatOnePollFindsAndEnds() async throws {
        let stage = try await Stage()
        let release = try await stage.submittedRelease(lengths: [20_000, 20_000, 20_000])
        let outcome = try await stage.lathe(
            "work", "--once", "--only", "upload", settings: ["LATHE_UPLOAD_CONCURRENCY": "2"])
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.outputLines == ["2 done, 0 wait for another try, 0 failed, 0 given back"])
        #expect(
            try await stage.value("SELECT count(*) FROM upload_jobs WHERE status = 'PENDING'", as: Int.self) == 1)
        #expect(try await stage.status(ofRelease: release.id) == "PROCESSING")
    }

    @Test func onlyOneKindOfWorkIsDoneWhereOnlyOneIsAskedFor() async throws {
        let stage = try await Stage()
        let release = try await stage.submittedRelease(lengths: [20_000])
        #expect(
            try await stage.lathe("work", "--drain", "--only", "processing").outputLines.first?.hasPrefix("0 done")
                == true)
        #expect(try await stage.value("SELECT status::text FROM upload_jobs") == "PENDING")

        #expect(
            try await stage.lathe("work", "--drain", "--only", "upload").outputLines.first?.hasPrefix("1 done") == true)
        #expect(try await stage.value("SELECT status::text FROM upload_jobs") == "COMPLETED")
        #expect(try await stage.value("SELECT count(*) FROM processing_jobs", as: Int.self) == 0)

        // Without upload roots: only the upload worker needs them.
        let processed = try await stage.lathe(
            "work", "--drain", "--only", "processing", settings: ["LATHE_UPLOAD_ROOTS": ""])
        #expect(processed.status == .exited(0), "\(processed.error)")
        #expect(try await stage.status(ofRelease: release.id) == "PENDING_REVIEW")
    }

    @Test(arguments: [
        (setting: "LATHE_UPLOAD_ROOTS", value: ""), ("LATHE_UPLOAD_ROOTS", "/nowhere"),
        ("LATHE_STORAGE_URL", ""), ("LATHE_STORAGE_URL", "ftp://host/x"), ("LATHE_STORAGE_URL", "s3://bucket"),
        ("LATHE_STORAGE_ADDRESSING", "sideways"), ("LATHE_UPLOAD_CONCURRENCY", "many"),
        ("LATHE_PROCESSING_CONCURRENCY", "0"), ("LATHE_UPLOAD_POLL_SECONDS", "-1"),
        ("LATHE_DRAIN_SECONDS", "soon"), ("LOG_LEVEL", "loud"), ("LATHE_MEDIA_PATH", "/nowhere/lathe-media"),
        ("LOG_FILE_PATH", "/nowhere/app.log"),
    ])
    func aWrongSettingIsBadConfigurationThatNamesIt(setting: String, value: String) async throws {
        // Settings are read before anything is connected to.
        let (folder, masters) = (try ScratchFolder(), try ScratchFolder())
        let environment = [
            "DATABASE_URL": "postgres://me@127.0.0.1:1/app", "LATHE_STORAGE_URL": "file://\(folder.path)",
            "LATHE_UPLOAD_ROOTS": masters.path,
        ]
        for mode in [["work"], ["work", "--drain"]] {
            let outcome = try await Lathe.run(
                mode, environment: environment.merging([setting: value]) { $1 }, in: folder, limit: .seconds(60))
            #expect(outcome.status == .exited(78), "\(outcome.error)")
            #expect(outcome.errorLines.count == 1, "\(outcome.error)")
            let said = outcome.error
            #expect(said.contains(setting) || (!value.isEmpty && said.contains(value)), "\(said)")
        }
    }

    @Test func settingsAreReadFromTheFileUnderTheEnvironmentAndTheFlags() async throws {
        let stage = try await Stage()
        _ = try await stage.submittedRelease(lengths: [20_000])
        let yaml = """
            database:
              url: \(stage.test.connectionString)
            storage:
              url: file:///nowhere
            upload:
              roots: \(stage.masters.path)
              poll:
                seconds: 0.5
              concurrency: 3
            """
        try stage.folder.write(yaml, as: "lathe.yaml")
        let outcome = try await Lathe.run(
            ["work", "--drain", "--storage", "file://\(stage.storage.path)"],
            environment: ["LATHE_UPLOAD_CONCURRENCY": "1"], in: stage.folder)
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.outputLines.first?.hasPrefix("2 done") == true)

        try stage.folder.write("upload:\n  concurrency: lots\n", as: "other.yaml")
        let wrong = try await stage.lathe("work", "--drain", "--config", "other.yaml")
        #expect(wrong.status == .exited(78))
        #expect(wrong.error.contains("upload.concurrency"), "\(wrong.error)")
        let missing = try await stage.lathe("work", "--drain", "--config", "missing.yaml")
        #expect(missing.status == .exited(78))
        #expect(missing.errorLines.count == 1 && missing.error.contains("missing.yaml"), "\(missing.error)")
    }

    @Test(arguments: [["work"], ["work", "--drain"]])
    func aDatabaseWithoutOurTablesIsToldWhatToRun(arguments: [String]) async throws {
        let stage = try await Stage(isMigrated: false)
        let outcome = try await Lathe.run(
            arguments, environment: stage.environment, in: stage.folder, limit: .seconds(60))
        #expect(outcome.status == .exited(78))
        #expect(outcome.error.contains("run `lathe migrate`"), "\(outcome.error)")
    }

    @Test(arguments: [["jobs", "list"], ["status"]])
    func alsoTheOperatorsCommandsSayThatTheTablesAreMissing(arguments: [String]) async throws {
        let stage = try await Stage(isMigrated: false)
        let outcome = try await Lathe.run(arguments, environment: stage.environment, in: stage.folder)
        #expect(outcome.status == .exited(78))
        #expect(outcome.errorLines.count == 1 && outcome.error.contains("`lathe migrate`"), "\(outcome.error)")
    }

    @Test func aDatabaseThatRefusesIsNamedWithHostAndPort() async throws {
        let stage = try await Stage()
        let outcome = try await stage.lathe(
            "work", "--drain", settings: ["DATABASE_URL": "postgres://me:hidden@127.0.0.1:1/app"])
        #expect(outcome.status == .exited(69))
        #expect(outcome.errorLines.last?.contains("127.0.0.1") == true, "\(outcome.error)")
        #expect(outcome.errorLines.last?.contains("port 1 ") == true, "\(outcome.error)")
    }

    @Test func twoWorkersShareTwelveTracksAndNoneIsDoneTwice() async throws {
        let stage = try await Stage()
        let release = try await stage.submittedRelease(lengths: (0..<12).map { 20_000 + $0 })
        // Polling without a pause, so that one often looks while the other completes a job.
        let settings = [
            "LATHE_UPLOAD_CONCURRENCY": "2", "LATHE_PROCESSING_CONCURRENCY": "1",
            "LATHE_PROCESSING_POLL_SECONDS": "0.01",
        ]
        async let first = stage.work(settings: settings) { lathe in
            try await stage.reviewable(release.id)
            lathe.signal(SIGTERM)
        }
        async let second = stage.work(settings: settings) { lathe in
            try await stage.reviewable(release.id)
            lathe.signal(SIGTERM)
        }
        for outcome in [try await first.outcome, try await second.outcome] {
            #expect(outcome.status == .exited(0), "\(outcome.error)")
        }
        for table in ["upload_jobs", "processing_jobs"] {
            let jobs: [String] = try await stage.value(
                """
                SELECT array_agg(format('%s after %s claims, %s retries, %s crashes', status, attempt_count,
                    retry_count, crash_count)) FROM \(identifier: table)
                """)
            #expect(
                jobs == Array(repeating: "COMPLETED after 1 claims, 0 retries, 0 crashes", count: 12), "\(table)")
        }
    }

    @Test(
        .enabled(if: UnprivilegedUser.mayRunLathe, "only root can run lathe as nobody, from a folder nobody may enter"))
    func aFileTheWorkersUserMayNotReadWaitsWithAClearError() async throws {
        let stage = try await Stage()
        let release = try await stage.submittedRelease(lengths: [20_000])
        let name = "\(release.tracks[0].uuidString).wav"
        let path = stage.masters.file(name)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: stage.storage.path)
        let outcome = try await stage.lathe(
            "work", "--once", settings: ["LATHE_WORK_DIR": stage.storage.path], as: "nobody")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.outputLines == ["0 done, 1 wait for another try, 0 failed, 0 given back"])
        let row = try await stage.database.query(
            "SELECT status::text, retry_count, error_log, run_after > now() - interval '1 minute' AS later FROM upload_jobs"
        ).single()
        #expect(try row.decode("status") == "PENDING")
        #expect(try row.decode("retry_count", as: Int.self) == 1)
        #expect(try row.decode("error_log") == "\(path) may not be read by this user: check its permissions")
    }
}
