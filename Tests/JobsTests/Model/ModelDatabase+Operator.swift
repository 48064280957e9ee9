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
        let failed = jobs.indices.filter { jobs[$0].phase == .failed && jobs[$0].lockedBy == nil }
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
        jobs[index].error = "cancelled by an operator"
        jobs[index].worker = nil
        jobs[index].lease = nil
        jobs[index].isFinished = true
        jobs[index].updatedAt = now
        return .done
    }

    mutating func setPriority(_ priority: Int, of id: UUID) -> OrderAnswer {
        guard let index = index(of: id) else { return .notFound }
        jobs[index].priority = priority
        jobs[index].updatedAt = now
        return .done
    }

    /// - Returns: true if it was not so already.
    mutating func pause(_ isPaused: Bool) -> Bool {
        defer { self.isPaused = isPaused }
        return self.isPaused != isPaused
    }

    /// - Returns: how many were given one.
    mutating func giveTurns() -> Int {
        let fresh = jobs.indices.filter {
            jobs[$0].phase == .pending && jobs[$0].turn == nil && jobs[$0].lockedBy == nil
        }.sorted { Self.isBefore(jobs[$0], jobs[$1]) }
        let waiting = jobs.filter { $0.phase == .pending && $0.turn != nil }
        let round = (waiting.compactMap(\.turn).min() ?? 1) - 1
        var last: [UUID?: Int] = [:]
        for row in waiting { last[row.turnOwner] = max(last[row.turnOwner] ?? 0, row.turn ?? 0) }
        for index in fresh {
            let owner = jobs[index].owner ?? Self.nobody
            let turn = max(last[owner] ?? 0, round) + 1
            last[owner] = turn
            jobs[index].turn = turn
            jobs[index].turnOwner = owner
            jobs[index].updatedAt = now
        }
        return fresh.count
    }

    /// Jobs whose owner is not known take turns as if they had one.
    private static let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))

    private func refusal(_ index: Int) -> OrderAnswer {
        let phase = jobs[index].phase
        return .refused(status: JobQueueTests.table.status(of: phase))
    }

    private mutating func startOver(_ index: Int) {
        jobs[index].state = JobState()
        jobs[index].runAfter = now
        jobs[index].worker = nil
        jobs[index].lease = nil
        jobs[index].isFinished = false
        jobs[index].updatedAt = now
    }
}
