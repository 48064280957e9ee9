import Foundation

@testable import Jobs

/// Something that must never be was.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Judges every write by what the row was and who wrote: it knows what is allowed, and nothing of how the statements
/// see to it.
struct ModelChecker {
    /// Who wrote, and by which right.
    enum Cause {
        case exchange(worker: UUID, [Verdict], seen: ModelDatabase)
        case store(Verdict, hasResult: Bool)
        case rescue
        case release(worker: UUID, [UUID]?)
        case retry(UUID?)
        case cancel(UUID)
        case hand(UUID)
        case insert
        case delete(UUID)
        /// Nothing that matters to a job's life: a beat, a turn, a priority, a lock.
        case other
    }

    private var claimedAt: [UUID: Duration] = [:]
    private var claims: [UUID: Int] = [:]
    /// Jobs whose cancellation an operator was told of.
    private var cancelled: Set<UUID> = []
    /// Where the history of a job's present set of tries begins.
    private var begins: [UUID: Int] = [:]
    /// Attempts whose row a hand changed: their end is not, or not only, in the history.
    private var handled: [UUID: Int] = [:]

    mutating func judge(
        _ before: ModelDatabase, _ after: ModelDatabase, _ cause: Cause
    ) throws(Violation) {
        for new in after.jobs {
            guard let old = before.job(new.id) else {
                guard case .insert = cause, new.phase == .pending else { throw Violation("appeared: \(new)") }
                begins[new.id] = before.history.count
                continue
            }
            if old == new { continue }
            try judge(old, new, cause, before, after)
            try checkCounters(of: new, in: after)
        }
        for old in before.jobs where after.job(old.id) == nil {
            guard case .delete(old.id) = cause else { throw Violation("\(old.id.modelName) is lost") }
        }
        if case .cancel(let id) = cause { cancelled.insert(id) }
        for row in after.jobs where cancelled.contains(row.id) && row.phase != .failed {
            throw Violation("\(row.id.modelName) was cancelled and is \(row.phase)")
        }
    }

    private mutating func judge(
        _ old: ModelDatabase.Job, _ new: ModelDatabase.Job, _ cause: Cause, _ before: ModelDatabase,
        _ after: ModelDatabase
    ) throws(Violation) {
        let name = new.id.modelName
        let lines = after.history[before.history.count...].filter { $0.job == new.id }
        try checkResults(old, new, cause)
        if case .hand(new.id) = cause {
            cancelled.remove(new.id)
            handled[new.id, default: 0] += 1
            return
        }
        if old.phase == new.phase, old.lease == new.lease, old.state == new.state {
            guard lines.isEmpty else { throw Violation("\(name): history without a change") }
            return
        }
        switch (old.phase, new.phase) {
        case (.pending, .running):
            guard lines.isEmpty else { throw Violation("\(name): history at a claim") }
            try judgeClaim(old, new, cause, at: after.now)
        case (.running, .pending), (.running, .completed), (.running, .failed):
            guard lines.count == 1, let line = lines.first, line.attempt == old.attemptCount,
                line.worker == old.worker
            else { throw Violation("\(name): an attempt ends with \(lines.count) lines of history") }
            guard new.lease == nil, new.worker == nil else { throw Violation("\(name): a lease outlives its attempt") }
            try judgeEnd(old, new, line, cause, after)
        case (.pending, .pending), (.failed, .pending):
            guard case .retry(let id) = cause, id == nil || id == new.id else {
                throw Violation("\(name) was \(old.phase) and is \(new.phase), and no operator asked")
            }
            guard new.state == JobState(), new.lease == nil else { throw Violation("\(name): no fresh start") }
            begins[new.id] = after.history.count
            cancelled.remove(new.id)
        case (.pending, .failed):
            guard case .cancel(new.id) = cause else { throw Violation("\(name) failed without an attempt") }
        default: throw Violation("\(name) was \(old.phase) and is \(new.phase)")
        }
    }

    private mutating func judgeClaim(
        _ old: ModelDatabase.Job, _ new: ModelDatabase.Job, _ cause: Cause, at now: Duration
    ) throws(Violation) {
        let name = new.id.modelName
        guard case .exchange(let worker, _, let seen) = cause, new.worker == worker, let lease = new.lease else {
            throw Violation("\(name) runs, and nobody claimed it")
        }
        guard claimedAt.updateValue(now, forKey: lease) == nil else { throw Violation("\(name): a lease used twice") }
        guard !seen.isPaused else { throw Violation("\(name) was claimed though the queue was paused") }
        guard seen.isLive(worker, at: seen.now) else { throw Violation("\(name) was claimed by the dead") }
        guard old.runAfter <= now else { throw Violation("\(name) was claimed before its time") }
        claims[new.id, default: 0] += 1
        guard new.attemptCount == claims[new.id] else { throw Violation("\(name): attempts are not counted") }
        var expected = old.state
        expected.phase = .running
        guard new.state == expected else { throw Violation("\(name): a claim changed counters") }
    }

    private func judgeEnd(
        _ old: ModelDatabase.Job, _ new: ModelDatabase.Job, _ line: ModelDatabase.Line, _ cause: Cause,
        _ after: ModelDatabase
    ) throws(Violation) {
        let name = new.id.modelName
        var expected = old.state
        switch cause {
        case .exchange(_, let verdicts, _):
            guard let verdict = verdicts.first(where: { $0.id == new.id && $0.lease == old.lease }) else {
                throw Violation("\(name): an outcome was written under a lease that did not hold")
            }
            guard line.ending == verdict.ending else { throw Violation("\(name): another attempt's outcome") }
            expected = verdict.transition.state
        case .store(let verdict, _):
            guard verdict.id == new.id, verdict.lease == old.lease else {
                throw Violation("\(name): a result was stored under a lease that did not hold")
            }
            expected = verdict.transition.state
        case .rescue:
            guard !after.isLive(old.worker, at: after.now) else { throw Violation("\(name) was taken from the living") }
            expected.crashCount += 1
            expected.phase = expected.crashCount < after.policy.maximumCrashes ? .pending : .failed
        case .release(let worker, let leases):
            guard worker == old.worker else { throw Violation("\(name) was given back by another") }
            if let leases {
                guard let lease = old.lease, leases.contains(lease) else { throw Violation("\(name): no stray") }
                let age = claimedAt[lease].map { after.now - $0 } ?? .seconds(60)
                guard age >= WorkerLease.beatInterval else {
                    throw Violation("\(name) was given back \(age) after its claim, whose answer is under way")
                }
            }
            expected.phase = .pending
            expected.releaseCount += 1
        case .cancel(new.id): expected.phase = .failed
        default: throw Violation("\(name) ended, and nobody may have ended it")
        }
        guard new.state == expected else { throw Violation("\(name) is \(new.state) instead of \(expected)") }
    }

    private func checkResults(
        _ old: ModelDatabase.Job, _ new: ModelDatabase.Job, _ cause: Cause
    ) throws(Violation) {
        var stores = false
        if case .store(let verdict, true) = cause, verdict.lease == old.lease, old.phase == .running {
            stores = new.phase == .completed
        }
        guard new.results == old.results + (stores ? 1 : 0) else {
            throw Violation("\(new.id.modelName): a result without its completion, or a completion without")
        }
    }

    /// The counters are what the history says of the present set of tries.
    private func checkCounters(of row: ModelDatabase.Job, in database: ModelDatabase) throws(Violation) {
        var counted = JobState(phase: row.phase)
        for line in database.history[(begins[row.id] ?? 0)...] where line.job == row.id {
            switch line.ending {
            case .retried: counted.retryCount += 1
            case .crashed: counted.crashCount += 1
            case .snoozed: counted.snoozeCount += 1
            case .released: counted.releaseCount += 1
            case .completed: counted.snoozeCount = 0
            case .failed, .cancelled: break
            }
        }
        guard row.state == counted else { throw Violation("\(row.id.modelName) is \(row.state), history \(counted)") }
        guard row.retryCount <= 3, row.crashCount <= 3 else { throw Violation("\(row.id.modelName) is past a cap") }
        let ends = database.history.count { $0.job == row.id }
        guard ends <= row.attemptCount + (handled[row.id] ?? 0) else {
            throw Violation("\(row.id.modelName) ended \(ends) times in \(row.attemptCount) attempts")
        }
    }
}
