import Foundation

@testable import Jobs

/// `JobQueue+Operator.swift` and `JobQueue+Turns.swift`. A row that another session has locked is waited for, so the
/// caller asks only for rows that are free.
extension ModelDatabase {
    mutating func retry(_ id: UUID) -> OrderAnswer {
        guard let index = index(of: id) else { return .notFound }
        guard JobState(phase: jobs[index].phase).applying(.retriedByOperator, policy: policy, jitter: 0) != nil
        else { return refusal(index) }
        startOver(index)
        return .done
    }

    mutating func retryAllFailed() -> Int {
        let failed = jobs.indices.filter {
            jobs[$0].phase == .failed && jobs[$0].error != Self.cancelled && jobs[$0].lockedBy == nil
        }
        for index in failed { startOver(index) }
        return failed.count
    }

    mutating func cancel(_ id: UUID) -> OrderAnswer {
        guard let index = index(of: id) else { return .notFound }
        guard let next = JobState(phase: jobs[index].phase).applying(.cancelledByOperator, policy: policy, jitter: 0)
        else { return refusal(index) }
        let row = jobs[index]
        if flaw == .cancelsPolitely, row.phase == .running { return .done }
        if row.phase == .running {
            history.append(Line(job: id, attempt: row.attemptCount, worker: row.worker, ending: .cancelled))
        }
        jobs[index].phase = next.state.phase
        jobs[index].error = Self.cancelled
        jobs[index].worker = nil
        jobs[index].lease = nil
        jobs[index].isFinished = true
        jobs[index].updatedAt = now
        return .done
    }

    mutating func setPriority(_ priority: Int, of id: UUID) -> OrderAnswer {
        guard let index = index(of: id) else { return .notFound }
        guard [.pending, .running].contains(jobs[index].phase) else { return refusal(index) }
        jobs[index].priority = priority
        jobs[index].turn = nil
        jobs[index].updatedAt = now
        return .done
    }

    private static let cancelled = "cancelled by an operator"

    /// - Returns: true if it was not so already.
    mutating func pause(_ isPaused: Bool) -> Bool {
        defer { self.isPaused = isPaused }
        return self.isPaused != isPaused
    }

    /// - Returns: how many were given one.
    mutating func giveTurns() -> Int {
        let fresh = jobs.indices.filter {
            jobs[$0].phase == .pending && jobs[$0].turn == nil && jobs[$0].lockedBy == nil && jobs[$0].runAfter <= now
        }.sorted { Self.isBefore(jobs[$0], jobs[$1]) }
        let waiting = jobs.filter { $0.phase == .pending && $0.turn != nil && $0.runAfter <= now }
        var rounds: [Int: Int] = [:]
        var last: [Flow: Int] = [:]
        for row in waiting {
            let turn = row.turn ?? 0
            rounds[row.priority] = min(rounds[row.priority] ?? .max, turn)
            let flow = Flow(priority: row.priority, owner: row.turnOwner)
            last[flow] = max(last[flow] ?? 0, turn)
        }
        for index in fresh {
            let owner = jobs[index].owner ?? Self.nobody
            let flow = Flow(priority: jobs[index].priority, owner: owner)
            let turn = max(last[flow] ?? 0, (rounds[flow.priority] ?? 1) - 1) + 1
            last[flow] = turn
            jobs[index].turn = turn
            jobs[index].turnOwner = owner
            jobs[index].updatedAt = now
        }
        return fresh.count
    }

    /// One owner's jobs of one priority.
    private struct Flow: Hashable {
        let priority: Int
        let owner: UUID?
    }

    /// Jobs whose owner is not known take turns as if they had one.
    private static let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    private func refusal(_ index: Int) -> OrderAnswer {
        let phase = jobs[index].phase
        return .refused(status: JobQueueTests.table.status(of: phase))
    }

    private mutating func startOver(_ index: Int) {
        jobs[index].state = JobState()
        jobs[index].turn = nil
        jobs[index].runAfter = now
        jobs[index].worker = nil
        jobs[index].lease = nil
        jobs[index].isFinished = false
        jobs[index].updatedAt = now
    }
}
