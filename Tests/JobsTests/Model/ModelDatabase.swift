import Foundation

@testable import Jobs

/// The rows of one queue as Postgres keeps them, and the statements of `JobQueue` on them. One call is one statement,
/// or one transaction whose row locks make it look like one.
///
/// A statement sees the database as it was when it began (`seen`) and locks and writes rows as they are when it gets to
/// them; where another one came in between, the condition is evaluated again on the new row. That is what READ
/// COMMITTED does, and what the interleavings here are made of.
struct ModelDatabase {
    struct Job: Hashable {
        let id: UUID
        var owner: UUID?
        var phase: JobState.Phase = .pending
        var retryCount = 0
        var crashCount = 0
        var snoozeCount = 0
        var releaseCount = 0
        var attemptCount = 0
        var error: String?
        var priority = 0
        var turn: Int?
        var turnOwner: UUID?
        var runAfter: Duration
        var updatedAt: Duration
        var worker: UUID?
        var lease: UUID?
        var isFinished = false
        /// Results that were stored for it, each in a transaction.
        var results = 0
        /// The session that has the row locked.
        var lockedBy: Int?

        var state: JobState {
            get {
                JobState(
                    phase: phase, retryCount: retryCount, crashCount: crashCount, snoozeCount: snoozeCount,
                    releaseCount: releaseCount)
            }
            set {
                phase = newValue.phase
                retryCount = newValue.retryCount
                crashCount = newValue.crashCount
                snoozeCount = newValue.snoozeCount
                releaseCount = newValue.releaseCount
            }
        }
    }

    /// A line of `job_attempts`.
    struct Line: Hashable {
        let job: UUID
        let attempt: Int
        let worker: UUID?
        let ending: Verdict.Ending
    }

    var flaw: Flaw?
    let policy: RetryPolicy
    /// What `now()` says.
    var now: Duration = .seconds(1_000_000)
    /// Ordered by id.
    var jobs: [Job] = []
    /// `beat_at` by worker.
    var workers: [UUID: Duration] = [:]
    var isPaused = false
    var history: [Line] = []
    private var leases = 0

    init(policy: RetryPolicy = RetryPolicy(), flaw: Flaw? = nil) {
        self.policy = policy
        self.flaw = flaw
    }

    func index(of id: UUID) -> Int? { jobs.firstIndex { $0.id == id } }

    func job(_ id: UUID) -> Job? { jobs.first { $0.id == id } }

    /// `WorkerLease.isLive`, at a moment of the asking transaction.
    func isLive(_ worker: UUID?, at moment: Duration) -> Bool {
        guard let worker, let beat = workers[worker] else { return false }
        return beat > moment - WorkerLease.timeToLive
    }

    mutating func newLease() -> UUID {
        leases += 1
        return ModelName.lease.id(leases)
    }

    // MARK: The application and the operators' hands

    mutating func insert(_ id: UUID, owner: UUID? = nil) {
        jobs.append(Job(id: id, owner: owner, runAfter: now, updatedAt: now))
    }

    /// `UPDATE … SET status = …` by hand: nothing else of the row changes.
    mutating func setByHand(_ phase: JobState.Phase, of id: UUID) {
        guard let index = index(of: id) else { return }
        jobs[index].phase = phase
        jobs[index].updatedAt = now
    }

    mutating func delete(_ id: UUID) {
        jobs.removeAll { $0.id == id }
    }

    mutating func lock(_ id: UUID, by session: Int) {
        guard let index = index(of: id), jobs[index].lockedBy == nil else { return }
        jobs[index].lockedBy = session
    }

    /// Ends the transaction of a session.
    mutating func unlock(by session: Int) {
        for index in jobs.indices where jobs[index].lockedBy == session { jobs[index].lockedBy = nil }
    }

    // MARK: Workers

    mutating func register(_ worker: UUID) {
        workers[worker] = now
    }

    /// `WorkerLease.beat`.
    /// - Returns: nil where the row had gone stale.
    mutating func beat(_ worker: UUID, seen: ModelDatabase) -> Set<UUID>? {
        guard isLive(worker, at: seen.now), seen.isLive(worker, at: seen.now) else { return nil }
        workers[worker] = seen.now
        return Set(seen.jobs.filter { $0.worker == worker && $0.phase == .running }.compactMap(\.lease))
    }
}
