import Foundation
import Jobs
import Postgres
import TestSupport
import Testing

/// The queue's statements against a real server, on the application's own table.
@Suite struct JobQueueTests {
    static let table = JobTable(
        name: "upload_jobs", statusType: "upload_job_status", runningStatus: "UPLOADING", kind: "upload",
        targetColumn: "target_entity_id", sourceColumn: "local_path")

    let database: Database
    let queue: JobQueue
    let worker: UUID

    init() async throws {
        database = try await TestDatabase.migrated().pool(maximumConnections: 8)
        queue = JobQueue(table: Self.table, database: database)
        worker = try await Self.register(in: database)
    }

    /// A worker that needs no beat for an hour, however loaded the machine is.
    static func register(in database: Database) async throws -> UUID {
        let worker = try await WorkerLease(
            database: database, tables: [table], version: "test", logger: TestDatabase.logger
        ).register()
        try await database.execute("UPDATE workers SET beat_at = now() + interval '1 hour' WHERE id = \(worker)")
        return worker
    }

    func insert(_ count: Int = 1) async throws -> [UUID] {
        var ids: [UUID] = []
        for index in 0..<count {
            ids.append(try await AppRows(database).upload("/masters/\(index).wav", to: UUID()))
        }
        return ids
    }

    func claimOne() async throws -> ClaimedJob {
        try #require(try await queue.claim(limit: 1, worker: worker).first)
    }

    func row(_ id: UUID) async throws -> PostgresRow {
        try await AppRows(database).row("upload_jobs", id)
    }

    func status(_ id: UUID) async throws -> String {
        try await row(id).decode("status")
    }

    @Test func claimsTheOldestFirstAndOnlyWhatIsDue() async throws {
        let ids = try await insert(3)
        try await database.execute("UPDATE upload_jobs SET run_after = now() + interval '1 hour' WHERE id = \(ids[0])")
        let claimed = try await queue.claim(limit: 10, worker: worker)
        #expect(Set(claimed.map(\.id)) == Set(ids[1...]))
        #expect(try await status(ids[0]) == "PENDING")
        #expect(try await status(ids[1]) == "UPLOADING")
        let one = try #require(claimed.first)
        #expect(try await row(one.id).decode("lease_token", as: UUID.self) == one.lease)
        #expect(try await row(one.id).decode("worker_id", as: UUID.self) == worker)
    }

    @Test func aClaimTakesNoMoreThanItsLimit() async throws {
        _ = try await insert(5)
        #expect(try await queue.claim(limit: 2, worker: worker).count == 2)
    }

    @Test func concurrentClaimsNeverShareAJob() async throws {
        let ids = try await insert(60)
        let claimed = try await withThrowingTaskGroup(of: [UUID].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var mine: [UUID] = []
                    while case let jobs = try await queue.claim(limit: 3, worker: worker), !jobs.isEmpty {
                        mine += jobs.map(\.id)
                    }
                    return mine
                }
            }
            return try await group.reduce([]) { $0 + $1 }
        }
        #expect(claimed.count == ids.count)
        #expect(Set(claimed) == Set(ids))
    }

    @Test func aDoneJobAndItsResultAreOneTransaction() async throws {
        let id = try await insert()[0]
        let job = try await claimOne()
        let settlement = try await queue.settle(
            job,
            as: .done { transaction in
                try transaction.execute("UPDATE upload_jobs SET object_key = 'k' WHERE id = \(id)")
                return "stored"
            })
        guard case .settled(let transition, "stored") = settlement else {
            Issue.record("\(settlement)")
            return
        }
        #expect(transition.state.phase == .completed)
        #expect(try await row(id).decode("object_key", as: String?.self) == "k")
        #expect(try await status(id) == "COMPLETED")
        #expect(try await row(id).decode("lease_token", as: UUID?.self) == nil)
    }

    @Test func aFailureReturnsTheJobWithABackoffAndTheFourthOneIsFinal() async throws {
        let id = try await insert()[0]
        for failure in 1...4 {
            try await database.execute("UPDATE upload_jobs SET run_after = now() WHERE id = \(id)")
            _ = try await queue.settle(try await claimOne(), as: .retry("storage said no, \(failure)"))
            let after = try await row(id)
            #expect(try after.decode("error_log", as: String.self) == "storage said no, \(failure)")
            #expect(try after.decode("retry_count", as: Int.self) == min(failure, 3))
            #expect(try after.decode("status", as: String.self) == (failure < 4 ? "PENDING" : "FAILED"))
        }
    }

    @Test func aPermanentFailureIsFinalAtOnce() async throws {
        let id = try await insert()[0]
        _ = try await queue.settle(try await claimOne(), as: .fail("the file is empty"))
        #expect(try await status(id) == "FAILED")
        #expect(try await row(id).decode("retry_count", as: Int.self) == 0)
    }

    @Test func aReleasedJobKeepsItsLastErrorAndIsDueAtOnce() async throws {
        let id = try await insert()[0]
        _ = try await queue.settle(try await claimOne(), as: .snooze("storage is down"))
        try await database.execute("UPDATE upload_jobs SET run_after = now() WHERE id = \(id)")
        _ = try await queue.settle(try await claimOne(), as: .released)
        #expect(try await row(id).decode("error_log", as: String.self) == "storage is down")
        #expect(try await claimOne().id == id)
    }

    /// What others may do to a row while its job runs; none of it may be overwritten.
    @Test(arguments: [
        "UPDATE upload_jobs SET status = 'COMPLETED'", "UPDATE upload_jobs SET status = 'PENDING'",
        "UPDATE upload_jobs SET status = 'FAILED'", "UPDATE upload_jobs SET lease_token = gen_random_uuid()",
        "DELETE FROM upload_jobs",
    ])
    func aLostLeaseWritesNothing(change: String) async throws {
        let id = try await insert()[0]
        let job = try await claimOne()
        try await database.execute(SQL(unsafeRaw: change))
        let before = try await database.query("SELECT * FROM upload_jobs").first?.decode("status", as: String.self)
        let outcomes: [JobOutcome] = [
            .done { transaction in
                try transaction.execute("UPDATE upload_jobs SET object_key = 'must not be'")
                return ""
            },
            .retry("x"), .fail("x"), .snooze("x"), .released,
        ]
        for outcome in outcomes {
            #expect(try await queue.settle(job, as: outcome) == .leaseLost)
        }
        let after = try await database.query("SELECT * FROM upload_jobs WHERE id = \(id)").first
        #expect(try after?.decode("status", as: String.self) == before)
        #expect(try after?.decode("object_key", as: String?.self) == nil)
    }

    @Test func aRefusedResultFailsTheJobAndStoresNothing() async throws {
        let id = try await insert()[0]
        let settlement = try await queue.settle(
            try await claimOne(),
            as: .done { transaction in
                try transaction.execute("UPDATE upload_jobs SET object_key = 'must not be'")
                throw JobRejection("the track was deleted")
            })
        guard case .settled(let transition, "the track was deleted") = settlement else {
            Issue.record("\(settlement)")
            return
        }
        #expect(transition.state.phase == .failed)
        #expect(try await row(id).decode("object_key", as: String?.self) == nil)
        #expect(try await row(id).decode("error_log", as: String.self) == "the track was deleted")
    }

    @Test func jobsOfASilentWorkerAreTakenBackAndTheThirdCrashIsFinal() async throws {
        let id = try await insert()[0]
        for crash in 1...3 {
            let dead = try await Self.register(in: database)
            #expect(try await queue.claim(limit: 1, worker: dead).map(\.id) == [id])
            #expect(try await queue.takeBackLostJobs().isEmpty, "its worker still beats")
            try await database.execute("UPDATE workers SET beat_at = now() - interval '16 s' WHERE id = \(dead)")
            #expect(try await queue.takeBackLostJobs().map(\.id) == [id])
            let after = try await row(id)
            #expect(try after.decode("crash_count", as: Int.self) == crash)
            #expect(try after.decode("retry_count", as: Int.self) == 0)
            #expect(try after.decode("status", as: String.self) == (crash < 3 ? "PENDING" : "FAILED"))
            #expect(try after.decode("error_log", as: String.self).contains("crash \(crash) of 3"))
        }
    }

    @Test func aFinishedJobOfADeadWorkerIsNeverResurrected() async throws {
        let id = try await insert()[0]
        _ = try await queue.settle(try await claimOne(), as: .done { _ in "" })
        try await database.execute("UPDATE workers SET beat_at = now() - interval '1 day'")
        #expect(try await queue.takeBackLostJobs().isEmpty)
        #expect(try await status(id) == "COMPLETED")
    }

    @Test func aSilentWorkerClaimsNothing() async throws {
        _ = try await insert()
        try await database.execute("UPDATE workers SET beat_at = now() - interval '16 s' WHERE id = \(worker)")
        #expect(try await queue.claim(limit: 1, worker: worker).isEmpty)
    }

    @Test(arguments: [("1 second", false), ("1 minute", true)])
    func aRowLeftRunningByHandIsTakenBackAfterAWhile(age: String, isTaken: Bool) async throws {
        try await database.execute(
            """
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status, updated_at)
            VALUES (gen_random_uuid(), 'AUDIO', '/masters/a.wav', 'UPLOADING', now() - \(age)::interval)
            """)
        #expect(try await queue.takeBackLostJobs().count == (isTaken ? 1 : 0))
    }

    @Test func anEndingWorkerGivesItsJobsBackUncounted() async throws {
        let id = try await insert()[0]
        _ = try await claimOne()
        try await WorkerLease(database: database, tables: [Self.table], version: "test", logger: TestDatabase.logger)
            .end(worker)
        let after = try await row(id)
        #expect(try after.decode("status", as: String.self) == "PENDING")
        #expect(try after.decode("crash_count", as: Int.self) == 0)
        #expect(try await database.query("SELECT 1 FROM workers WHERE id = \(worker)").isEmpty)
    }

    @Test func strayRowsOfALiveWorkerAreGivenBack() async throws {
        let ids = try await insert(2)
        let jobs = try await queue.claim(limit: 2, worker: worker)
        let running = try #require(jobs.first)
        let other = try #require(jobs.last)
        #expect(try await queue.release(of: worker, leases: [other.lease]) == 1)
        #expect(try await status(running.id) == "UPLOADING")
        let stray = try #require(ids.first { $0 != running.id })
        #expect(try await status(stray) == "PENDING")
        #expect(try await queue.release(of: UUID()) == 0)
    }

    @Test func nullsInTheApplicationsColumnsStopNothing() async throws {
        let id = try await insert()[0]
        try await database.execute(
            "UPDATE upload_jobs SET retry_count = NULL, created_at = NULL, error_log = NULL WHERE id = \(id)")
        _ = try await queue.settle(try await claimOne(), as: .retry("once"))
        #expect(try await row(id).decode("retry_count", as: Int.self) == 1)
        #expect(try await queue.list().count == 1)
    }

    @Test func anOperatorRetriesAFailedJobButNotARunningOrFinishedOne() async throws {
        let id = try await insert()[0]
        let job = try await claimOne()
        #expect(try await queue.retry(id) == .refused(status: "UPLOADING"))
        _ = try await queue.settle(job, as: .fail("the file is empty"))
        #expect(try await queue.retry(id) == .done)
        #expect(try await status(id) == "PENDING")
        _ = try await queue.settle(try await claimOne(), as: .done { _ in "" })
        #expect(try await queue.retry(id) == .refused(status: "COMPLETED"))
        #expect(try await queue.retry(UUID()) == .notFound)
    }

    @Test func listsTheLastChangedFirstAndByStatus() async throws {
        let ids = try await insert(3)
        _ = try await queue.settle(try await claimOne(), as: .fail("the file is empty"))
        #expect(try await queue.list().count == 3)
        let failed = try await queue.list(status: "FAILED")
        #expect(failed.map(\.id) == [ids[0]])
        #expect(failed.first?.error == "the file is empty")
        #expect(try await queue.list(status: "NONSENSE").isEmpty)
    }
}
