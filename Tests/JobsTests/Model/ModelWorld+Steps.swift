import Foundation

@testable import Jobs

/// What may happen next, and how often it does.
extension ModelWorld {
    mutating func step() throws(Violation) {
        steps += 1
        switch generator.below(100) {
        case ..<36: try stepCall()
        case ..<52: stepHandler()
        case ..<68: stepTimer()
        case ..<76: stepClock()
        case ..<84: stepBeat()
        case ..<90: try advance(rescuer: generator.below(rescuers.count))
        case ..<91: try insertJob()
        case ..<94: try stepOperator()
        default: try stepFault()
        }
    }

    private mutating func stepCall() throws(Violation) {
        if !orphans.isEmpty, generator.chance(15) {
            let call = try advance(orphans.remove(at: generator.below(orphans.count)))
            if case .begun = call.progress { orphans.append(call) }
            return
        }
        guard let index = pick(where: { !$0.calls.isEmpty }) else { return }
        let position = generator.below(processes[index].calls.count)
        let call = processes[index].calls[position]
        guard case .done(let reply) = call.progress else {
            // A process being advanced is held by nobody else: the server knows only the call.
            processes[index].calls[position] = try advance(call)
            return
        }
        guard processes[index].isActive else { return }
        processes[index].calls.remove(at: position)
        if generator.chance(4) {
            trace?.add("the answer to \(call) is lost")
            processes[index].failed(call, database: database)
        } else {
            trace?.add("\(call) is answered")
            let jitter = generator.unit()
            processes[index].receive(reply, to: call, jitter: jitter, database: database)
        }
        revive(index)
    }

    private mutating func stepHandler() {
        guard let index = pick(where: { $0.isActive && !$0.handlers.isEmpty }),
            let attempt = generator.pick(processes[index].handlers)
        else { return }
        finish(attempt, of: index, as: outcome(isStopped: attempt.stop.isRaised))
    }

    mutating func finish(_ attempt: ModelProcess.Attempt, of index: Int, as outcome: JobOutcome) {
        trace?.add("\(processes[index].worker.modelName) ends \(attempt.claim.lease.modelName): \(outcome.event)")
        let jitter = generator.unit()
        processes[index].finish(attempt, as: outcome, jitter: jitter, database: database)
    }

    private mutating func outcome(isStopped: Bool) -> JobOutcome {
        if isStopped, generator.chance(60) { return .released }
        switch generator.below(100) {
        case ..<30: return .done { _ in "" }
        case ..<55: return .finished("")
        case ..<75: return .retry("try again")
        case ..<80: return .fail("broken")
        default: return .snooze("down")
        }
    }

    private mutating func stepTimer() {
        guard let index = pick(where: { $0.isActive && $0.life == .working && !$0.timers.isEmpty }) else { return }
        if generator.chance(15) {
            processes[index].loop.dueCame()
        } else if generator.chance(8) {
            processes[index].loop.rang(ear: 1)
        }
        let timer = generator.below(processes[index].timers.count)
        processes[index].fire(timer, now: database.now)
    }

    private mutating func stepClock() {
        let seconds = generator.chance(4) ? 16 : [0.05, 0.3, 1, 1, 2][generator.below(5)]
        database.now += .seconds(seconds)
        trace?.add("\(seconds) s pass")
    }

    private mutating func stepBeat() {
        let now = database.now
        guard
            let index = pick(where: { process in
                guard process.isActive, process.life == .working, !process.isEnding else { return false }
                return now >= process.deadline || process.beatDueAt.map { now >= $0 } ?? false
            })
        else { return }
        beat(index)
    }

    mutating func beat(_ index: Int) {
        if database.now >= processes[index].deadline {
            trace?.add("\(processes[index].worker.modelName) has not beaten for too long and gives itself up")
            processes[index].beatDueAt = nil
            processes[index].deadline = database.now + .seconds(3600)
            processes[index].cancelWork(isLost: true)
            processes[index].drive(now: database.now)
        } else {
            processes[index].beatDueAt = nil
            processes[index].send(.beat(.now), now: database.now)
        }
    }

    private mutating func stepOperator() throws(Violation) {
        guard let row = generator.pick(database.jobs) else { return try insertJob() }
        let id = row.id
        let isFree = row.lockedBy == nil
        switch generator.below(20) {
        case ..<3 where isFree:
            trace?.add("an operator cancels \(id.modelName)")
            if row.phase == .pending || row.phase == .running { try write(.cancel(id)) { _ = $0.cancel(id) } }
        case ..<8 where isFree:
            trace?.add("an operator retries \(id.modelName)")
            try write(.retry(id)) { _ = $0.retry(id) }
        case 8: try write(.retry(nil)) { _ = $0.retryAllFailed() }
        case 9: try write(.other) { _ = $0.giveTurns() }
        case 10 where isFree:
            let priority = generator.below(3) - 1
            try write(.other) { _ = $0.setPriority(priority, of: id) }
        case ..<13:
            let isPaused = !database.isPaused
            trace?.add(isPaused ? "the queue is paused" : "the queue is resumed")
            try write(.other) { _ = $0.pause(isPaused) }
        case ..<16 where isFree:
            guard let phase = generator.pick(JobState.Phase.allCases) else { return }
            trace?.add("a hand sets \(id.modelName) \(phase)")
            try write(.hand(id)) { $0.setByHand(phase, of: id) }
        case 16 where isFree:
            trace?.add("a hand changes the lease of \(id.modelName)")
            let lease = database.newLease()
            try write(.hand(id)) { database in
                if let index = database.index(of: id), row.phase == .running { database.jobs[index].lease = lease }
            }
        case 17 where isFree:
            trace?.add("a hand deletes \(id.modelName)")
            try write(.delete(id)) { $0.delete(id) }
        default: break
        }
    }

    /// A process that is over makes room for another, after a lost lease at once and otherwise when an operator starts
    /// it.
    mutating func revive(_ index: Int) {
        guard processes[index].life == .dead else { return }
        orphans += processes[index].calls
        processes[index].calls = []
        if !processes[index].isShuttingDown { processes[index] = newProcess() }
    }

    mutating func pick(where condition: (ModelProcess) -> Bool) -> Int? {
        let start = generator.below(processes.count)
        for offset in processes.indices {
            let index = (start + offset) % processes.count
            if condition(processes[index]) { return index }
        }
        return nil
    }
}
