import Foundation

@testable import Jobs

/// `JobQueue+Rescue.swift`: what is taken back, and what is given back.
extension ModelDatabase {
    /// `JobQueue.isLost` on a row and on its worker's row as the statement has it.
    private func isLost(_ row: Job, at moment: Duration) -> Bool {
        row.phase == .running && !isLive(row.worker, at: moment)
            && (row.worker != nil || row.updatedAt < moment - WorkerLease.timeToLive)
    }

    /// The first statement of `takeBackLostJobs`: finds and locks. A row that changed since the statement began is
    /// looked at again, but its worker's row is not: one that was claimed anew meanwhile has no worker in this
    /// statement's eyes.
    /// - Returns: the rows as they were locked.
    mutating func lockLost(by session: Int, seen: ModelDatabase) -> [Job] {
        var locked: [Job] = []
        for candidate in seen.jobs where seen.isLost(candidate, at: seen.now) {
            guard let index = index(of: candidate.id) else { continue }
            if flaw == .rescuesUnseen {
                locked.append(candidate)
                continue
            }
            let row = jobs[index]
            guard row.lockedBy == nil, row.phase == .running,
                row.worker != nil || row.updatedAt < seen.now - WorkerLease.timeToLive
            else { continue }
            jobs[index].lockedBy = session
            locked.append(row)
        }
        return locked
    }

    /// The second half: writes what is still nobody's, and commits.
    /// - Parameter start: when the transaction began, which is its `now()`.
    /// - Returns: the jobs taken back.
    mutating func takeBack(_ rows: [Job], by session: Int, start: Duration) -> [UUID] {
        var taken: [UUID] = []
        for row in rows {
            guard var transition = row.state.applying(.workerLost, policy: policy, jitter: 0) else { continue }
            if flaw == .forgetsCrashes {
                var state = row.state
                state.phase = .pending
                transition = JobTransition(state)
            }
            let count = "crash \(transition.state.crashCount) of \(policy.maximumCrashes)"
            let verdict = Verdict(id: row.id, lease: row.lease, transition: transition, ending: .crashed, error: count)
            if flaw == .rescuesUnseen {
                guard let index = index(of: row.id), jobs[index].lockedBy == nil else { continue }
                jobs[index].phase = .running
                jobs[index].lease = row.lease
            }
            var seen = self
            seen.now = start
            let isNobodys = { [seen] (row: Job) in
                seen.flaw == .rescuesTheLiving || !seen.isLive(row.worker, at: start)
            }
            if settle([verdict], seen: seen, own: session, where: isNobodys).count == 1 { taken.append(row.id) }
        }
        unlock(by: session)
        return taken
    }

    /// `JobQueue.takeBackLostJobs`, undisturbed.
    mutating func takeBackLostJobs() -> [UUID] {
        let session = -1
        return takeBack(lockLost(by: session, seen: self), by: session, start: now)
    }

    /// `JobQueue.release`.
    /// - Returns: the jobs given back; rows that another session has locked are left.
    mutating func release(of worker: UUID, leases: [UUID]?) -> [UUID]? {
        let held = jobs.filter { row in
            guard row.worker == worker, row.phase == .running, row.lockedBy == nil else { return false }
            guard let leases else { return true }
            return row.lease.map(leases.contains) ?? false
        }
        let event: JobEvent = flaw == .countsReleases ? .failedTransiently : .released
        let verdicts = held.compactMap { row in
            row.state.applying(event, policy: policy, jitter: 0).map {
                Verdict(id: row.id, lease: row.lease, transition: $0, ending: .released, error: nil)
            }
        }
        settle(verdicts, seen: self)
        return verdicts.map(\.id)
    }
}
