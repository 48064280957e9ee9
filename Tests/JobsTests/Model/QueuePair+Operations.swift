import Foundation
import Postgres

@testable import Jobs

/// One operation on both, and whether both answered the same.
extension QueuePair {
    mutating func step() async throws {
        model.now += .milliseconds(1)
        let worker = workers[generator.below(workers.count)]
        guard let row = generator.pick(model.jobs) else { return try await insert() }
        let id = row.id
        switch generator.below(100) {
        case ..<8: try await insert()
        case ..<34: try await exchange(worker)
        case ..<46: try await settle()
        case ..<52: try await takeBack()
        case ..<56:
            note("\(worker.id.modelName) falls silent")
            try await setBeat(of: worker.id, to: .seconds(-3600))
        case ..<62: try await beat(worker)
        case ..<65: try await end(worker)
        case ..<71: try await order(id)
        case ..<74: try await control()
        case ..<86: try await touch(row)
        default: try await withLock(id, worker)
        }
    }

    private mutating func outcome() -> JobOutcome {
        switch generator.below(6) {
        case 0, 1: .finished("")
        case 2: .retry("again")
        case 3: .fail("broken")
        case 4: .snooze("down")
        default: .released
        }
    }

    mutating func exchange(_ worker: Worker) async throws {
        var answered: [(Attempt, JobOutcome)] = []
        for attempt in attempts where attempt.worker == worker.id && generator.chance(50) {
            // Two verdicts on one job: see `aStaleVerdictBesideAFreshOneWritesNothing`.
            answered.append((attempt, outcome()))
        }
        let limit = generator.below(4)
        note("\(worker.id.modelName) claims \(limit) and writes \(answered.map { "\($0.0.name) \($0.1.event)" })")
        let real = answered.map { Verdict($0.1, of: $0.0.real, policy: queue.policy) }
        var expected: [Verdict] = []
        for ((attempt, outcome), verdict) in zip(answered, real) {
            let state = attempt.model.state.applying(outcome.event, policy: model.policy, jitter: 1)?.state
            check(verdict.transition.state == state, "\(attempt.name) leads to another state")
            expected.append(
                Verdict(
                    id: verdict.id, lease: attempt.model.lease, transition: verdict.transition,
                    ending: verdict.ending, error: verdict.error))
        }
        let exchange = try await queue.exchange(real, claiming: limit, for: worker.id)
        let mirror = model.exchange(expected, claiming: limit, for: worker.id, seen: model)
        let locked = Set(answered.filter { mirror.locked.contains($0.0.model.lease) }.map(\.0.real.lease))
        let lost = Set(answered.filter { mirror.lost.contains($0.0.model.lease) }.map(\.0.real.lease))
        check(exchange.locked == locked, "\(exchange.locked.count) leases are locked instead of \(locked.count)")
        check(exchange.lost == lost, "\(exchange.lost.count) leases are lost instead of \(lost.count)")
        let due = (exchange.nextDue, mirror.nextDue)
        check(limit == 0 || (due.0 == nil) == (due.1 == nil), "the next job is due in \(String(describing: due))")
        let claimed = (Set(exchange.claimed.map(\.id)), Set(mirror.claimed.map(\.id)))
        check(claimed.0 == claimed.1, "\(claimed.0.map(\.modelName)) were claimed, not \(claimed.1.map(\.modelName))")
        let written = answered.map(\.0).filter { !locked.contains($0.real.lease) }
        for attempt in written { forget(attempt) }
        for claim in mirror.claimed {
            guard let job = exchange.claimed.first(where: { $0.id == claim.id }) else { continue }
            check(job.state == claim.state, "claimed in \(job.state) instead of \(claim.state)")
            check(job.attempt == claim.attempt, "attempt \(job.attempt) instead of \(claim.attempt)")
            begin(Attempt(real: job, model: claim, worker: worker.id), by: worker)
        }
    }

    /// Now and then the answer to a claim is lost: the row is a stray.
    private mutating func begin(_ attempt: Attempt, by worker: Worker) {
        guard generator.chance(80) else { return note("nobody hears of \(attempt.name)") }
        note("\(attempt.name) is begun")
        attempts.append(attempt)
        worker.lease.running.insert([attempt.real.lease])
        worker.lease.running.workBegan(attempt.real.lease) { attempt.realStop.raise() }
        worker.running.insert([attempt.model.lease])
        worker.running.workBegan(attempt.model.lease) { attempt.modelStop.raise() }
    }

    private mutating func settle() async throws {
        guard let attempt = generator.pick(attempts) else { return }
        forget(attempt)
        let id = attempt.real.id
        let isRejected = generator.chance(15)
        let stores = isRejected || generator.chance(60)
        let outcome: JobOutcome =
            stores
            ? .done { transaction in
                try transaction.execute("UPDATE upload_jobs SET bytes = coalesce(bytes, 0) + 1 WHERE id = \(id)")
                if isRejected { throw JobRejection("refused") }
                return ""
            } : outcome()
        note("\(attempt.name) ends: \(outcome.event)\(isRejected ? ", and its result is refused" : "")")
        let meant = isRejected ? .fail("refused") : outcome
        // Its lease and its lease's copy in the model, under the same jitter.
        let verdict = Verdict(meant, of: attempt.real, policy: queue.policy)
        let isSettled = model.store(
            Verdict(
                id: id, lease: attempt.model.lease, transition: verdict.transition, ending: verdict.ending,
                error: verdict.error),
            hasResult: stores && !isRejected, seen: model)
        let settlement = try await queue.settle(attempt.real, as: outcome)
        if case .settled(let transition, _) = settlement {
            check(isSettled == true, "\(attempt.name) was settled")
            check(transition.state == verdict.transition.state, "\(attempt.name) was settled as \(transition.state)")
        } else {
            check(isSettled == false, "\(attempt.name) was not settled")
        }
    }

    /// Its worker is done with it.
    private mutating func forget(_ attempt: Attempt) {
        attempts.removeAll { $0.real.lease == attempt.real.lease }
        for worker in workers where worker.id == attempt.worker {
            worker.lease.running.remove(attempt.real.lease)
            worker.running.remove(attempt.model.lease)
        }
    }

    mutating func takeBack() async throws {
        note("lost jobs are taken back")
        let taken = try await queue.takeBackLostJobs()
        let expected = Set(model.takeBackLostJobs())
        check(Set(taken.map(\.id)) == expected, "\(taken.map(\.id.modelName)) were taken back")
        for (id, state) in taken {
            check(state == model.job(id)?.state, "\(id.modelName) was taken back as \(state)")
        }
    }

    private mutating func beat(_ worker: Worker) async throws {
        let strays = try await worker.lease.beat(worker.id, within: .seconds(10))
        let held = model.beat(worker.id, seen: model)
        note("\(worker.id.modelName) beats: \(strays != nil)")
        check((strays != nil) == (held != nil), "one of both says that \(worker.id.modelName) lives")
        guard let held, let strays else { return }
        await worker.lease.release(strays, of: worker.id)
        let comparison = worker.running.compare(with: held, askedAt: .now)
        if !comparison.strays.isEmpty { _ = model.release(of: worker.id, leases: comparison.strays) }
        for attempt in attempts {
            check(attempt.realStop.isRaised == attempt.modelStop.isRaised, "one of both stops \(attempt.name)")
        }
        try await setBeat(of: worker.id, to: .seconds(3600))
    }

    private mutating func end(_ worker: Worker) async throws {
        note("\(worker.id.modelName) ends")
        _ = model.release(of: worker.id, leases: nil)
        model.workers[worker.id] = nil
        try await worker.lease.end(worker.id)
        attempts.removeAll { $0.worker == worker.id && generator.chance(50) }
        try await register(worker.id)
    }

    private mutating func order(_ id: UUID) async throws {
        switch generator.below(3) {
        case 0:
            note("an operator retries \(id.modelName)")
            let expected = model.retry(id)
            let answer = try await queue.retry(id)
            check(answer == expected, "the answer is \(answer) instead of \(expected)")
        case 1:
            note("an operator cancels \(id.modelName)")
            let expected = model.cancel(id)
            let answer = try await queue.cancel(id)
            check(answer == expected, "the answer is \(answer) instead of \(expected)")
        default:
            let priority = generator.below(3) - 1
            note("\(id.modelName) gets priority \(priority)")
            let expected = model.setPriority(priority, of: id)
            let answer = try await queue.setPriority(Int16(priority), of: id)
            check(answer == expected, "the answer is \(answer) instead of \(expected)")
        }
    }

    mutating func control() async throws {
        switch generator.below(4) {
        case 0 where !model.isPaused:
            note("the queue is paused")
            let expected = model.pause(true)
            let answer = try await queue.pause(by: "test")
            check(answer == expected, "the answer is \(answer) instead of \(expected)")
        case 0, 1:
            note("the queue is resumed")
            let expected = model.pause(false)
            let answer = try await queue.resume()
            check(answer == expected, "the answer is \(answer) instead of \(expected)")
        case 2:
            note("turns are given")
            let expected = model.giveTurns()
            let answer = try await queue.giveTurns()
            check(answer == expected, "the answer is \(answer) instead of \(expected)")
        default:
            note("all that failed are retried")
            let expected = model.retryAllFailed()
            let answer = try await queue.retryAllFailed()
            check(answer == expected, "the answer is \(answer) instead of \(expected)")
        }
    }

    /// A hand in the table.
    private mutating func touch(_ row: ModelDatabase.Job) async throws {
        let id = row.id
        switch generator.below(10) {
        case ..<6:
            note("\(id.modelName) is made due")
            let now = model.now
            try await hand("run_after = now()", id) { $0.runAfter = now }
        case 6:
            note("\(id.modelName) is deleted")
            model.delete(id)
            try await database.execute("DELETE FROM upload_jobs WHERE id = \(id)")
        case 7 where row.lease != nil:
            note("\(id.modelName) gets another lease")
            let lease = model.newLease()
            try await hand("lease_token = gen_random_uuid()", id) { $0.lease = lease }
        case 8:
            note("\(id.modelName) grows old")
            try await age(id)
        default:
            guard let phase = generator.pick(JobState.Phase.allCases) else { return }
            note("\(id.modelName) is set \(phase)")
            let status = Self.table.status(of: phase)
            try await hand("status = \(status)::upload_job_status", id) { $0.phase = phase }
        }
    }

    /// What passes over locked rows while another session has one.
    private mutating func withLock(_ id: UUID, _ worker: Worker) async throws {
        note("a stranger locks \(id.modelName)")
        try await stranger.execute("BEGIN")
        try await stranger.execute("SELECT 1 FROM upload_jobs WHERE id = \(id) FOR UPDATE")
        model.lock(id, by: ModelWorld.stranger)
        switch generator.below(6) {
        case ..<4: try await exchange(worker)
        case 4: try await takeBack()
        default: try await control()
        }
        try await stranger.execute("ROLLBACK")
        model.unlock(by: ModelWorld.stranger)
    }
}

extension QueuePair.Attempt {
    var name: String { "\(real.id.modelName)'s attempt \(real.attempt)" }
}
