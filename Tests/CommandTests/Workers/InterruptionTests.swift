import Foundation
import Postgres
import PrivatePostgres
import TestSupport
import Testing

/// `lathe work` when something ends in the middle: itself, by a signal, or its database.
struct InterruptionTests {
    /// A PROCESSING release whose only track, of this many minutes, is uploaded.
    private func longRelease(_ stage: Stage, minutes: Int) async throws -> (id: UUID, track: UUID) {
        let release = try await stage.submittedRelease(lengths: [44_100 * 60 * minutes])
        let outcome = try await stage.lathe("work", "--drain", "--only", "upload")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        return (release.id, release.tracks[0])
    }

    private func counters(_ stage: Stage) async throws -> Counters {
        let row = try await stage.database.query(
            "SELECT status::text, attempt_count, retry_count, crash_count, error_log FROM processing_jobs"
        ).single()
        return Counters(
            status: try row.decode("status"), attempts: try row.decode("attempt_count"),
            retries: try row.decode("retry_count"), crashes: try row.decode("crash_count"),
            error: try row.decode("error_log"))
    }

    private struct Counters: Equatable {
        var status: String
        var attempts: Int
        var retries: Int
        var crashes: Int
        var error: String?
    }

    @Test(arguments: zip([SIGTERM, SIGINT], [[], ["--drain"]]))
    func aLongJobIsGivenBackUncountedWhenTheDrainTimeIsOver(signal: CInt, mode: [String]) async throws {
        let stage = try await Stage()
        let release = try await longRelease(stage, minutes: 8)
        let (outcome, took) = try await stage.work(mode, settings: ["LATHE_DRAIN_SECONDS": "0.5"]) { lathe in
            try await stage.isBeingProcessed(release.track)
            lathe.signal(signal)
            let start = ContinuousClock.now
            try await eventually("it has ended") { lathe.hasEnded }
            return start.duration(to: .now)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(took < .seconds(8))
        #expect(
            try await counters(stage) == Counters(status: "PENDING", attempts: 1, retries: 0, crashes: 0))
        #expect(try await stage.value("SELECT count(*) FROM workers", as: Int.self) == 0)
        #expect(try await stage.status(ofRelease: release.id) == "PROCESSING")
    }

    @Test func aJobThatCanEndInTheDrainTimeEnds() async throws {
        let stage = try await Stage()
        let release = try await longRelease(stage, minutes: 1)
        let (outcome, _) = try await stage.work(settings: ["LATHE_DRAIN_SECONDS": "60"]) { lathe in
            try await stage.isBeingProcessed(release.track)
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(
            try await counters(stage) == Counters(status: "COMPLETED", attempts: 1, retries: 0, crashes: 0))
        #expect(try await stage.status(ofRelease: release.id) == "PENDING_REVIEW")
    }

    @Test func theJobOfAKilledWorkerIsTakenUpByAnother() async throws {
        let stage = try await Stage()
        let release = try await longRelease(stage, minutes: 3)
        let killed = try await stage.work { lathe in
            try await stage.isBeingProcessed(release.track)
            lathe.signal(SIGKILL)
        }
        #expect(killed.outcome.status == .signaled(SIGKILL))
        #expect(try await counters(stage).status == "PROCESSING")
        let start = ContinuousClock.now
        let second = try await stage.work { lathe in
            try await eventually("another worker has taken it up") {
                try await counters(stage).attempts == 2
            }
            let took = start.duration(to: .now)
            try await stage.reviewable(release.id)
            lathe.signal(SIGTERM)
            return took
        }
        #expect(second.outcome.status == .exited(0), "\(second.outcome.error)")
        #expect(second.result < .seconds(25))
        #expect(
            try await counters(stage) == Counters(status: "COMPLETED", attempts: 2, retries: 0, crashes: 1))
    }

    @Test func aWorkerWaitsForItsDatabaseAndBeginsWhenItIsThere() async throws {
        let stage = try await Stage(ownServer: true)
        let release = try await stage.submittedRelease(lengths: [20_000])
        await stage.test.server.stopServer()
        let (outcome, _) = try await stage.work { lathe in
            try await eventually("it says that it waits") { lathe.error.contains("waiting for the database") }
            try await stage.test.server.startServer()
            try await stage.reviewable(release.id)
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        await stage.test.server.stop()
    }

    @Test func aWorkerThatWaitsForItsDatabaseStopsWhenAsked() async throws {
        let stage = try await Stage()
        let settings = ["DATABASE_URL": "postgres://me:hidden@127.0.0.1:1/app"]
        let (outcome, _) = try await stage.work(settings: settings, limit: .seconds(60)) { lathe in
            try await eventually("it says that it waits") { lathe.error.contains("waiting for the database") }
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
    }

    @Test func aDrainWhoseDatabaseGoesForGoodEndsAndSaysSo() async throws {
        let stage = try await Stage(ownServer: true)
        _ = try await stage.submittedRelease(lengths: (0..<4).map { 44_100 * 60 + $0 })
        let (outcome, _) = try await stage.work(["--drain"], settings: ["LATHE_PROCESSING_CONCURRENCY": "1"]) { _ in
            try await eventually("some are done, some not") {
                try await stage.value("SELECT count(*) FROM renditions", as: Int.self) >= 1
            }
            await stage.test.server.stop()
        }
        #expect(outcome.status == .exited(69), "\(outcome.error)")
        #expect(outcome.errorLines.last?.hasPrefix("lathe: ") == true)
        #expect(outcome.errorLines.last?.contains("database") == true, "\(outcome.error)")
        #expect(outcome.error.contains("127.0.0.1") && outcome.error.contains("port"), "\(outcome.error)")
    }

    @Test func aDatabaseThatGoesAndComesBackCostsNoRetry() async throws {
        let stage = try await Stage(ownServer: true)
        let release = try await stage.submittedRelease(lengths: (0..<6).map { 44_100 * 10 + $0 })
        let (outcome, _) = try await stage.work(settings: ["LATHE_PROCESSING_CONCURRENCY": "1"]) { lathe in
            try await eventually("some are done, some not") {
                try await stage.value("SELECT count(*) FROM renditions", as: Int.self) >= 1
            }
            await stage.test.server.stopServer()
            try await eventually("it has noticed") {
                lathe.error.contains("could not") || lathe.error.contains("no beat")
                    || lathe.error.contains("waiting for the database")
            }
            try await stage.test.server.startServer()
            try await stage.reviewable(release.id)
            lathe.signal(SIGTERM)
        }
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        for table in ["upload_jobs", "processing_jobs"] {
            #expect(
                try await stage.value(
                    """
                    SELECT count(*) FROM \(identifier: table)
                    WHERE status = 'COMPLETED' AND retry_count = 0 AND crash_count = 0
                    """, as: Int.self) == 6, "\(table)")
        }
        await stage.test.server.stop()
    }
}
