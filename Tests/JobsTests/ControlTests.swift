import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Jobs

/// What operators order, and what the rows and the workers make of it.
@Suite(.timeLimit(.minutes(2))) struct ControlTests {
    let database: Database
    let queue: JobQueue
    let worker: UUID

    init() async throws {
        database = try await TestDatabase.migrated().pool(maximumConnections: 8)
        queue = JobQueue(table: JobQueueTests.table, database: database)
        worker = try await JobQueueTests.register(in: database)
    }

    func insert(_ count: Int = 1) async throws -> [UUID] {
        var ids: [UUID] = []
        for index in 0..<count {
            ids.append(try await AppRows(database).upload("/masters/\(index).wav", to: UUID()))
        }
        return ids
    }

    func claim(_ limit: Int = 1) async throws -> [UUID] {
        try await queue.claim(limit: limit, worker: worker).map(\.id)
    }

    func outcomes(of id: UUID) async throws -> [String] { try await queue.history(of: id).map(\.outcome) }

    // MARK: Cancel

    @Test func aWaitingJobIsCancelledAndRunsAgainOnlyWhenRetried() async throws {
        let id = try await insert()[0]
        #expect(try await queue.cancel(id) == .done)
        #expect(try await claim().isEmpty)
        let record = try #require(try await queue.find(id))
        #expect(record.status == "FAILED")
        #expect(record.error?.contains("cancelled by an operator") == true)
        #expect(try await outcomes(of: id) == [], "there was no attempt")
        #expect(try await queue.cancel(id) == .refused(status: "FAILED"))
        #expect(try await queue.cancel(UUID()) == .notFound)
        #expect(try await queue.retry(id) == .done)
        #expect(try await claim() == [id])
    }

    @Test func aRunningJobIsStoppedByTheNextBeatAndItsResultIsThrownAway() async throws {
        let id = try await insert()[0]
        let lease = WorkerLease(
            database: database, tables: [JobQueueTests.table], version: "test", logger: TestDatabase.logger)
        let (started, startedSignal) = AsyncStream<Void>.makeStream()
        let handler = ClosureHandler { _ in
            startedSignal.yield()
            try? await Task.sleep(for: .seconds(600))
            return .done { _ in "must not be" }
        }
        let jobWorker = JobWorker(
            queue: queue, handler: handler, settings: .init(pollInterval: .seconds(1), concurrency: 1),
            logger: TestDatabase.logger)
        async let tally = jobWorker.run(as: worker, mode: .once, running: lease.running, doorbell: nil)
        for await _ in started { break }
        #expect(try await lease.beat(worker, within: .seconds(30)) == [])
        #expect(try await queue.cancel(id) == .done)
        #expect(try await lease.beat(worker, within: .seconds(30)) == [])
        #expect(try await tally.released == 1)
        #expect(try await queue.find(id)?.status == "FAILED")
        #expect(try await outcomes(of: id) == ["cancelled"])
    }

    @Test func aFinishedJobIsNotCancelled() async throws {
        let id = try await insert()[0]
        let job = try #require(try await queue.claim(limit: 1, worker: worker).first)
        _ = try await queue.settle(job, as: .finished("done"))
        #expect(try await queue.cancel(id) == .refused(status: "COMPLETED"))
    }

    // MARK: Beats

    @Test func aClaimWhoseAnswerWasLostIsGivenBackAfterTwoBeats() async throws {
        let id = try await insert()[0]
        let lease = WorkerLease(
            database: database, tables: [JobQueueTests.table], version: "test", logger: TestDatabase.logger)
        #expect(try await claim() == [id])
        #expect(try await lease.beat(worker, within: .seconds(30)) == [], "its answer may still be under way")
        let strays = try #require(try await lease.beat(worker, within: .seconds(30)))
        #expect(strays.count == 1)
        #expect(try await queue.find(id)?.status == "UPLOADING")
        await lease.release(strays, of: worker)
        #expect(try await queue.find(id)?.status == "PENDING")
        #expect(try await outcomes(of: id) == ["released"])
        #expect(try await queue.find(id)?.releaseCount == 1)
    }

    @Test func aJobClaimedAfterTheBeatWasSentIsNotMistakenForALostOne() {
        let running = RunningJobs()
        let asked = ContinuousClock.now
        let (early, late) = (UUID(), UUID())
        running.insert([late])
        running.workBegan(late) { Issue.record("stopped") }
        #expect(running.compare(with: [], askedAt: asked).stopped == 0)
        running.insert([early])
        running.workBegan(early) {}
        #expect(running.compare(with: [late], askedAt: .now).stopped == 1)
        #expect(running.compare(with: [late], askedAt: .now).stopped == 0, "it was told already")
    }

    @Test func aJobThatWasLostBeforeItsWorkBeganIsStoppedAtOnce() {
        let running = RunningJobs()
        let lease = UUID()
        running.insert([lease])
        #expect(running.compare(with: [], askedAt: .now).stopped == 0)
        let stopped = Mutex(false)
        running.workBegan(lease) { stopped.withLock { $0 = true } }
        #expect(stopped.withLock { $0 })
    }

    @Test func aJobWhoseOutcomeIsBeingWrittenIsNotStopped() {
        let running = RunningJobs()
        let lease = UUID()
        running.insert([lease])
        running.workBegan(lease) { Issue.record("stopped") }
        running.workEnded(lease)
        #expect(running.compare(with: [], askedAt: .now).stopped == 0)
    }

    // MARK: Pause

    @Test func aPausedQueueIsClaimedByNobodyAndWhatRunsRunsOn() async throws {
        let ids = try await insert(2)
        let job = try #require(try await queue.claim(limit: 1, worker: worker).first)
        #expect(try await queue.pause(by: "me"))
        #expect(try await !queue.pause(by: "you"), "it is paused already")
        #expect(try await claim().isEmpty)
        guard case .settled = try await queue.settle(job, as: .finished("")) else {
            Issue.record("what ran could not end")
            return
        }
        let statistics = try await queue.statistics()
        #expect(statistics.pausedBy == "me")
        #expect(statistics.due == 1)
        #expect(try await queue.resume())
        #expect(try await !queue.resume())
        #expect(Set(try await claim()) == Set(ids).subtracting([job.id]))
    }

    // MARK: Retry all

    @Test func allFailedJobsAreRetriedAndNoOthers() async throws {
        let ids = try await insert(5)
        for job in try await queue.claim(limit: 3, worker: worker) {
            _ = try await queue.settle(job, as: .fail("broken"))
        }
        let running = try await claim()
        #expect(try await queue.retryAllFailed() == 3)
        #expect(try await queue.retryAllFailed() == 0)
        #expect(try await queue.find(running[0])?.status == "UPLOADING")
        #expect(Set(try await claim(10)) == Set(ids).subtracting(running))
    }

    // MARK: Order

    @Test func theSmallerPriorityRunsFirst() async throws {
        let ids = try await insert(4)
        #expect(try await queue.setPriority(-1, of: ids[2]) == .done)
        #expect(try await queue.setPriority(5, of: ids[0]) == .done)
        var order: [UUID] = []
        while let next = try await claim().first { order.append(next) }
        #expect(order == [ids[2], ids[1], ids[3], ids[0]])
    }

    /// A label's back catalogue of 5,000 tracks waits; then a single of another artist comes.
    @Test func aSingleIsNotStarvedByACatalogue() async throws {
        let rows = AppRows(database)
        let catalogue = try await rows.release(artist: "Label", tracks: [])
        try await database.execute(
            """
            WITH more AS (
                INSERT INTO tracks (release_id, title, audio_file_url, duration_seconds, track_order)
                SELECT \(catalogue.id), 'Track ' || n, '', 1, n FROM generate_series(1, 5000) AS n RETURNING id)
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path)
            SELECT id, 'AUDIO', '/masters/label.wav' FROM more
            """)
        let turns = JobQueue(table: Self.fairTable, database: database)
        #expect(try await turns.giveTurns() == 5000)
        #expect(try await turns.claim(limit: 8, worker: worker).count == 8)

        let single = try await rows.release(artist: "Solo", tracks: ["A", "B"])
        var jobs: [UUID] = []
        for track in single.tracks { jobs.append(try await rows.upload("/masters/single.wav", to: track)) }
        #expect(try await turns.giveTurns() == 2)
        let next = Set(try await turns.claim(limit: 4, worker: worker).map(\.id))
        #expect(next.isSuperset(of: jobs), "each of its jobs is in the next two rounds")
        #expect(next.count == 4, "and the label goes on beside it")
    }

    @Test func withoutAQueueOfWaitingJobsItIsFirstInFirstOut() async throws {
        let ids = try await insert(3)
        var order: [UUID] = []
        while let next = try await claim().first { order.append(next) }
        #expect(order == ids)
    }

    static let fairTable = JobTable(
        name: "upload_jobs", statusType: "upload_job_status", runningStatus: "UPLOADING", kind: "upload",
        targetColumn: "target_entity_id", sourceColumn: "local_path",
        owner: """
            (SELECT r.artist_id FROM tracks t JOIN releases r ON r.id = t.release_id WHERE t.id = job.target_entity_id)
            """)

    @Test func aJobThisProgramDoesNotKnowIsLeftToOthers() async throws {
        let id = try await insert()[0]
        let older = JobTable(
            name: "upload_jobs", statusType: "upload_job_status", runningStatus: "UPLOADING", kind: "upload",
            targetColumn: "target_entity_id", sourceColumn: "local_path", isKnown: "(job.job_type = 'COVER_ART')")
        #expect(try await JobQueue(table: older, database: database).claim(limit: 1, worker: worker).isEmpty)
        #expect(try await claim() == [id])
    }
}
