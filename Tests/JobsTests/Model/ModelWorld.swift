import Foundation
import TestSupport

@testable import Jobs

/// The steps of a run, for people.
final class Trace {
    private(set) var steps: [String] = []

    func add(_ step: String) {
        steps.append(step)
    }
}

/// A database, worker processes, rescuers, operators and an application, and a scheduler that lets one of them take one
/// step at a time, in an order that a seed decides.
struct ModelWorld {
    /// `LostJobRescuer` between its statements.
    struct Rescuer {
        enum Progress {
            case idle
            case looking(ModelDatabase)
            case holding([ModelDatabase.Job], start: Duration)
        }

        let session: Int
        var progress = Progress.idle
    }

    var database: ModelDatabase
    var processes: [ModelProcess] = []
    var rescuers = [Rescuer(session: 1), Rescuer(session: 2)]
    /// Statements nobody waits for any more: their process died, or gave up waiting. The server may still run them.
    var orphans: [ModelProcess.Call] = []
    var checker = ModelChecker()
    var generator: SeededGenerator
    /// Written where somebody wants to read it.
    let trace: Trace?
    var isQuiet = false
    var steps = 0
    private var jobCount = 0
    private var workerCount = 0

    init(seed: UInt64, flaw: Flaw? = nil, traces: Bool = false) throws(Violation) {
        generator = SeededGenerator(seed: seed)
        // Short waits, so that much happens to every job.
        var policy = RetryPolicy()
        policy.base = .seconds(1)
        policy.snoozeCap = .seconds(4)
        database = ModelDatabase(policy: policy, flaw: flaw)
        trace = traces ? Trace() : nil
        for _ in 0..<1 + generator.below(5) { try insertJob() }
        for _ in 0..<2 + generator.below(2) { processes.append(newProcess()) }
    }

    mutating func insertJob() throws(Violation) {
        jobCount += 1
        let id = ModelName.job.id(jobCount)
        try write(.insert) { $0.insert(id) }
        trace?.add("\(id.modelName) is inserted")
    }

    mutating func newProcess() -> ModelProcess {
        workerCount += 1
        let worker = ModelName.worker.id(workerCount)
        database.register(worker)
        var process = ModelProcess(worker: worker, slots: 1 + generator.below(3), now: database.now)
        process.drive(now: database.now)
        trace?.add("\(worker.modelName) starts with \(process.slots) slots")
        return process
    }

    /// Every write to the database goes through here and is judged.
    @discardableResult
    mutating func write<R>(
        _ cause: ModelChecker.Cause, _ body: (inout ModelDatabase) -> R
    ) throws(Violation) -> R {
        let before = database
        let result = body(&database)
        try checker.judge(before, database, cause)
        try checkLeases()
        return result
    }

    /// No two attempts at a job, wherever they are on their way, could both still be written.
    private func checkLeases() throws(Violation) {
        var held: [UUID: UUID] = [:]
        for (job, lease) in processes.flatMap(\.outstanding) + orphans.flatMap(\.outstanding) {
            guard let row = database.job(job), database.holds(lease, on: row) else { continue }
            guard held.updateValue(lease, forKey: job) ?? lease == lease else {
                throw Violation("\(job.modelName): two attempts may be written")
            }
        }
    }

    // MARK: The server

    /// Runs a statement of a process.
    /// - Returns: nil where it waits for a lock.
    mutating func execute(
        _ call: ModelProcess.Call, seen: ModelDatabase
    ) throws(Violation) -> ModelProcess.Reply? {
        let worker = call.worker
        switch call.request {
        case .exchange(let answers, let limit):
            let verdicts = answers.map(\.verdict)
            return .exchanged(
                try write(.exchange(worker: worker, verdicts, seen: seen)) {
                    $0.exchange(verdicts, claiming: limit, for: worker, seen: seen)
                })
        case .store(let answer):
            let hasResult = if case .done = answer.outcome { true } else { false }
            return try write(.store(answer.verdict, hasResult: hasResult)) {
                $0.store(answer.verdict, hasResult: hasResult, seen: seen)
            }.map { .stored($0) }
        case .beat: return .beat(try write(.other) { $0.beat(worker, seen: seen) })
        case .release(let leases):
            return try write(.release(worker: worker, leases)) { $0.release(of: worker, leases: leases) }
                .map { _ in .released }
        case .forget:
            database.workers[worker] = nil
            return .forgotten
        }
    }

    /// Lets the server take the next step with a call.
    mutating func advance(_ call: ModelProcess.Call) throws(Violation) -> ModelProcess.Call {
        var call = call
        let seen: ModelDatabase
        switch call.progress {
        case .sent where !isQuiet && generator.chance(25):
            trace?.add("the server begins \(call)")
            call.progress = .begun(database)
            return call
        case .sent: seen = database
        case .begun(let snapshot): seen = snapshot
        case .done: return call
        }
        trace?.add("the server runs \(call)")
        if let reply = try execute(call, seen: seen) {
            call.progress = .done(reply)
        } else if generator.chance(40) {
            trace?.add("… which waited too long for a lock")
            if case .release = call.request {
                call.progress = .done(.releaseTimeout)
            } else {
                call.progress = .done(.lockTimeout)
            }
        }
        return call
    }

    // MARK: Rescue

    mutating func advance(rescuer index: Int) throws(Violation) {
        let session = rescuers[index].session
        switch rescuers[index].progress {
        case .idle:
            rescuers[index].progress = .looking(database)
        case .looking(let seen):
            let rows = try write(.other) { $0.lockLost(by: session, seen: seen) }
            trace?.add("rescuer \(session) locks \(rows.map(\.id.modelName))")
            rescuers[index].progress = rows.isEmpty ? .idle : .holding(rows, start: seen.now)
        case .holding(let rows, let start):
            let taken = try write(.rescue) { $0.takeBack(rows, by: session, start: start) }
            trace?.add("rescuer \(session) takes back \(taken.map(\.modelName))")
            rescuers[index].progress = .idle
        }
    }

    mutating func crash(rescuer index: Int) {
        database.unlock(by: rescuers[index].session)
        rescuers[index].progress = .idle
    }
}

extension ModelProcess.Call: CustomStringConvertible {
    var description: String {
        let what =
            switch request {
            case .exchange(let answers, let limit):
                "exchange of \(answers.map { "\($0.verdict.ending) \($0.attempt.claim.lease.modelName)" })"
                    + ", claiming \(limit)"
            case .store(let answer): "store under \(answer.attempt.claim.lease.modelName)"
            case .beat: "beat"
            case .release(let leases): "release of \(leases?.map(\.modelName) ?? ["all"])"
            case .forget: "deletion of its row"
            }
        return "\(worker.modelName)'s \(what)"
    }
}
