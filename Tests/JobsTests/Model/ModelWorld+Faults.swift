import Foundation

@testable import Jobs

/// What goes wrong, and how it ends.
extension ModelWorld {
    static let stranger = 9

    mutating func stepFault() throws(Violation) {
        let index = generator.below(processes.count)
        let name = processes[index].worker.modelName
        if processes[index].isFrozen, generator.chance(35) {
            trace?.add("\(name) goes on")
            processes[index].isFrozen = false
            return
        }
        switch generator.below(20) {
        case ..<2:
            trace?.add("\(name) crashes")
            crash(index)
        case ..<5:
            trace?.add("\(name) stands still")
            processes[index].isFrozen = true
        case ..<8 where processes[index].life == .dead: processes[index] = newProcess()
        case 8 where processes[index].life == .working:
            trace?.add("\(name) is asked to shut down")
            processes[index].isShuttingDown = true
        case ..<11 where processes[index].isShuttingDown && processes[index].isActive:
            trace?.add("\(name)'s drain time is over")
            processes[index].cancelWork(isLost: false)
            processes[index].drive(now: database.now)
        case ..<14:
            loseCall(of: index)
        case ..<16:
            guard let row = generator.pick(database.jobs) else { return }
            trace?.add("a stranger locks \(row.id.modelName)")
            try write(.other) { $0.lock(row.id, by: Self.stranger) }
        case ..<19: try write(.other) { $0.unlock(by: Self.stranger) }
        default: crash(rescuer: generator.below(rescuers.count))
        }
    }

    /// What it sent may still be run by the server.
    private mutating func crash(_ index: Int) {
        orphans += processes[index].calls
        processes[index].calls = []
        processes[index].handlers = []
        processes[index].gathered = []
        processes[index].timers = []
        processes[index].life = .dead
        processes[index].isFrozen = false
    }

    /// The connection is lost, or the process stops waiting, before the server is done.
    private mutating func loseCall(of index: Int) {
        guard processes[index].isActive, !processes[index].calls.isEmpty else { return }
        let position = generator.below(processes[index].calls.count)
        let call = processes[index].calls.remove(at: position)
        trace?.add("\(processes[index].worker.modelName) waits no longer for \(call)")
        if case .done = call.progress {} else if generator.chance(60) { orphans.append(call) }
        processes[index].failed(call, database: database)
        revive(index)
    }

    /// Faults, operators and outages are over: whoever lives runs on, in turn, until nothing is left to do.
    mutating func quiesce() throws(Violation) {
        isQuiet = true
        try write(.other) { $0.unlock(by: Self.stranger) }
        if database.isPaused, generator.chance(60) { try write(.other) { _ = $0.pause(false) } }
        try rescue()
        for call in orphans { _ = try advance(call) }
        orphans = []
        for index in processes.indices { processes[index].isFrozen = false }
        for round in 0..<100 where !isAtRest || round < 4 {
            trace?.add("round \(round)")
            for index in processes.indices { try runOn(index) }
            // Somebody is left to do the work.
            let isDeserted = processes.allSatisfy { $0.life == .dead || $0.isShuttingDown }
            if isDeserted, let over = processes.firstIndex(where: { $0.life == .dead }) {
                processes[over] = newProcess()
            }
            try rescue()
            database.now += WorkerLease.beatInterval
        }
        guard isAtRest else {
            let left = database.jobs.filter { $0.phase == .pending || $0.phase == .running }
            throw Violation("lost: \(left.map { "\($0.id.modelName) \($0.phase), \(String(describing: $0.worker))" })")
        }
    }

    /// Each rescuer to the end of its look.
    private mutating func rescue() throws(Violation) {
        for index in rescuers.indices {
            while true {
                try advance(rescuer: index)
                if case .idle = rescuers[index].progress { break }
            }
        }
    }

    /// No job waits for anything but the end of a pause.
    private var isAtRest: Bool {
        database.jobs.allSatisfy { $0.phase != .running && ($0.phase != .pending || database.isPaused) }
            && processes.allSatisfy(\.outstanding.isEmpty)
    }

    private mutating func runOn(_ index: Int) throws(Violation) {
        let now = database.now
        for turn in 0..<3 {
            steps += 1
            while let attempt = processes[index].handlers.first {
                finish(attempt, of: index, as: attempt.stop.isRaised ? .released : .finished(""))
            }
            if turn == 0 {
                for _ in processes[index].timers { processes[index].fire(0, now: now) }
            }
            while let call = processes[index].calls.first {
                let advanced = try advance(call)
                processes[index].calls.removeFirst()
                guard case .done(let reply) = advanced.progress else { throw Violation("\(call) has no answer") }
                trace?.add("\(call) is answered")
                processes[index].receive(reply, to: call, jitter: 0, database: database)
            }
            revive(index)
        }
        let process = processes[index]
        guard process.life == .working, !process.isEnding else { return }
        if now >= process.deadline || process.beatDueAt.map({ now >= $0 }) ?? false { beat(index) }
    }
}
