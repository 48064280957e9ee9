import Foundation

@testable import Jobs

/// The statements of workers: `JobQueue+Exchange.swift` and `Verdict.swift`.
extension ModelDatabase {
    /// A job as its worker has it.
    struct Claim: Hashable {
        let id: UUID
        let lease: UUID
        let state: JobState
        let attempt: Int
    }

    struct Exchange {
        var claimed: [Claim] = []
        var locked: Set<UUID> = []
        var lost: Set<UUID> = []
        var nextDue: Duration?
    }

    /// `JobQueue.exchange`: both halves see the database as it was when the statement began.
    mutating func exchange(
        _ verdicts: [Verdict], claiming limit: Int, for worker: UUID, seen: ModelDatabase
    ) -> Exchange {
        var answer = Exchange()
        let mine = settle(verdicts, seen: seen)
        answer.claimed = claim(limit, for: worker, seen: seen)
        if answer.claimed.count < limit, !seen.isPaused {
            let taken = Set(answer.claimed.map(\.id))
            answer.nextDue =
                seen.jobs.filter {
                    $0.phase == .pending && $0.runAfter < seen.now + .seconds(3600) && !taken.contains($0.id)
                }
                .map { $0.runAfter > seen.now ? $0.runAfter - seen.now : .milliseconds(100) }.min()
        }
        for verdict in verdicts {
            guard let lease = verdict.lease, !mine.contains(lease) else { continue }
            if let row = seen.job(verdict.id), row.phase == .running, row.lease == lease {
                answer.locked.insert(lease)
            } else {
                answer.lost.insert(lease)
            }
        }
        return answer
    }

    private mutating func claim(_ limit: Int, for worker: UUID, seen: ModelDatabase) -> [Claim] {
        guard limit > 0, seen.isLive(worker, at: seen.now), !seen.isPaused || flaw == .forgetsPause else { return [] }
        let ready = seen.jobs.filter { $0.phase == .pending && $0.runAfter <= seen.now }.sorted(by: Self.isBefore)
        var claimed: [Claim] = []
        for candidate in ready where claimed.count < limit {
            guard let index = index(of: candidate.id) else { continue }
            if flaw != .claimsUnseen {
                let row = jobs[index]
                guard row.lockedBy == nil, row.phase == .pending, row.runAfter <= seen.now else { continue }
            }
            let lease = newLease()
            jobs[index].phase = .running
            jobs[index].worker = worker
            jobs[index].lease = lease
            jobs[index].attemptCount += 1
            jobs[index].isFinished = false
            jobs[index].updatedAt = seen.now
            claimed.append(
                Claim(id: candidate.id, lease: lease, state: jobs[index].state, attempt: jobs[index].attemptCount))
        }
        return claimed
    }

    /// `ORDER BY priority, turn, run_after, id`; a NULL comes last.
    static func isBefore(_ left: Job, _ right: Job) -> Bool {
        if left.priority != right.priority { return left.priority < right.priority }
        if left.turn != right.turn { return (left.turn ?? .max) < (right.turn ?? .max) }
        if left.runAfter != right.runAfter { return left.runAfter < right.runAfter }
        return left.id.uuidString < right.id.uuidString
    }

    /// Whether the row of a verdict is still running under its lease.
    func holds(_ lease: UUID?, on row: Job) -> Bool {
        (row.phase == .running || flaw == .settlesFinishedJobs) && (row.lease == lease || flaw == .settlesByID)
    }

    /// `JobTable.settling`: rows another session has locked are left out; a caller that waits for them comes when they
    /// are free.
    /// - Parameter own: the session that holds the locks of a longer transaction.
    /// - Returns: the leases that were ours.
    @discardableResult
    mutating func settle(
        _ verdicts: [Verdict], seen: ModelDatabase, own: Int? = nil, where condition: (Job) -> Bool = { _ in true }
    ) -> Set<UUID?> {
        var mine: Set<UUID?> = []
        for verdict in verdicts {
            guard let before = seen.job(verdict.id), holds(verdict.lease, on: before), condition(before),
                let index = index(of: verdict.id), jobs[index].lockedBy == nil || jobs[index].lockedBy == own,
                holds(verdict.lease, on: jobs[index]), condition(jobs[index])
            else { continue }
            let isMixed = flaw == .mixesVerdictsOfOneJob
            let written = isMixed ? verdicts.first { $0.id == verdict.id } ?? verdict : verdict
            write(written, to: index, at: seen.now)
            mine.insert(verdict.lease)
        }
        return mine
    }

    private mutating func write(_ verdict: Verdict, to index: Int, at moment: Duration) {
        let row = jobs[index]
        history.append(Line(job: row.id, attempt: row.attemptCount, worker: row.worker, ending: verdict.ending))
        jobs[index].state = verdict.transition.state
        if verdict.ending != .released { jobs[index].error = verdict.error }
        jobs[index].runAfter = moment + verdict.transition.delay
        jobs[index].worker = nil
        jobs[index].lease = nil
        jobs[index].isFinished = [.completed, .failed].contains(verdict.transition.state.phase)
        if jobs[index].phase != .pending { jobs[index].turn = nil }
        jobs[index].updatedAt = moment
    }

    /// `JobQueue.settle` of an outcome with a result: both in one transaction.
    /// - Returns: nil where another session has the row locked; false where the lease was lost.
    mutating func store(_ verdict: Verdict, hasResult: Bool, seen: ModelDatabase) -> Bool? {
        if job(verdict.id)?.lockedBy != nil { return nil }
        if hasResult, flaw == .storesResultsApart, let index = index(of: verdict.id) { jobs[index].results += 1 }
        guard settle([verdict], seen: seen).count == 1 else { return false }
        if hasResult, flaw != .storesResultsApart, let index = index(of: verdict.id) { jobs[index].results += 1 }
        return true
    }
}
