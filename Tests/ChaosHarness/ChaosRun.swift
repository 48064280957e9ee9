import Foundation
import PrivatePostgres
import SystemPackage
import TestSupport

/// One run: a server, workers, jobs, and all that goes wrong.
package actor ChaosRun {
    private let plan: ChaosPlan
    private let database: ChaosDatabase
    private let proxy: CuttingProxy
    private let pooler: Pooler?
    private let fleet: Fleet
    private let start = ContinuousClock.now
    private var report: ChaosReport
    private var hasFed = false
    /// Kills and stops, by the jobs they met.
    private var blows: [UUID: Int] = [:]
    /// When no worker could reach the database.
    private var absences: [ClosedRange<Date>] = []

    /// Performs a plan, judges the end and leaves no process behind.
    /// - Throws: where the run itself could not be done. What is wrong with the engine is in the report's `complaints`.
    package static func perform(_ plan: ChaosPlan) async throws -> ChaosReport {
        let folder = FilePath(FileManager.default.temporaryDirectory.path).appending("lathe-chaos-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: false)
        let database = try await ChaosDatabase.make()
        do {
            let run = try await ChaosRun(plan, database: database, folder: folder)
            let report = try await run.perform()
            await database.end()
            if report.complaints.isEmpty { try FileManager.default.removeItem(atPath: folder.string) }
            return report
        } catch {
            await database.end()
            throw error
        }
    }

    private init(_ plan: ChaosPlan, database: ChaosDatabase, folder: FilePath) async throws {
        self.plan = plan
        self.database = database
        let proxy = try CuttingProxy(to: UInt16(database.server.port))
        let pooler =
            plan.usesPooler && Pooler.isInstalled
            ? try Pooler(server: database.url(port: database.server.port), folder: folder) : nil
        self.proxy = proxy
        self.pooler = pooler
        report = ChaosReport(seed: plan.seed)
        report.logs = folder.string
        fleet = Fleet(folder: folder) { place in
            let port = place % 3 == 2 ? pooler?.port ?? proxy.port : proxy.port
            return [
                "DATABASE_URL": database.url(port: Int(port)), "CHAOS_CONCURRENCY": "\(plan.concurrency)",
                "PATH": "/usr/bin:/bin",
            ]
        }
        try await pooler?.start()
    }

    private func perform() async throws -> ChaosReport {
        do {
            try await fleet.start(plan.workers)
            try await disturb()
            say("peace")
            try await settle()
            report.complaints += await fleet.deserters
            report.complaints += await fleet.dismiss(within: .seconds(30))
        } catch {
            await fleet.abandon()
            await pooler?.stop()
            throw error
        }
        await pooler?.stop()
        report.took = start.duration(to: .now)
        report.judge(try await database.outcomes(), blows: blows, disturbances: absences)
        let strays = try await database.strayEffects()
        if strays > 0 { report.complaints.append("\(strays) effects of jobs that do not exist") }
        return report
    }

    private func say(_ what: String) {
        plan.report("\(start.duration(to: .now).inSeconds)  \(what)")
    }

    /// Has jobs arrive and faults happen; returns when the last of both is over, with everything running again.
    private func disturb() async throws {
        var generator = SeededGenerator(seed: plan.seed)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await self.feed() }
            var done = 0
            while let fault = next(after: done, using: &generator) {
                try await Task.sleep(for: .seconds(Double.random(in: plan.pause, using: &generator)))
                if let aftermath = try await cause(fault, using: &generator) {
                    group.addTask { try await aftermath() }
                }
                try await fleet.muster()
                done += 1
            }
        }
        try await fleet.muster()
    }

    private func next(after done: Int, using generator: inout SeededGenerator) -> ChaosPlan.Fault? {
        if let faults = plan.faults { return done < faults.count ? faults[done] : nil }
        guard !hasFed else { return nil }
        var ticket = Int.random(in: 0..<plan.weights.reduce(0) { $0 + $1.weight }, using: &generator)
        for (fault, weight) in plan.weights {
            ticket -= weight
            if ticket < 0 { return fault }
        }
        return nil
    }

    /// Adds the jobs over the plan's duration, and no faster than they are done: a backlog would hide how soon the jobs
    /// of a killed worker run again.
    private func feed() async throws {
        let backlog = plan.workers * plan.concurrency * 2
        var finishedBefore = 0
        var progress = ContinuousClock.now
        while true {
            let (all, pending, finished) = try await database.counts()
            guard all < plan.jobs else { break }
            if finished > finishedBefore { (finishedBefore, progress) = (finished, .now) }
            guard progress.duration(to: .now) < plan.settleLimit else {
                complain("no job was finished for \(plan.settleLimit.inSeconds); \(all) had arrived")
                break
            }
            let share = min(1, start.duration(to: .now) / plan.duration)
            let count = min(Int((Double(plan.jobs) * share).rounded(.up)) - all, backlog - pending)
            if count > 0 { await database.insert(numbers: all..<(all + count), seed: plan.seed) }
            try await Task.sleep(for: .milliseconds(50))
        }
        hasFed = true
        say("the last job has arrived")
    }

    /// Waits until every job is finished, or for as long as that may take.
    private func settle() async throws {
        let deadline = ContinuousClock.now + plan.settleLimit
        while ContinuousClock.now < deadline {
            let (all, _, finished) = try await database.counts()
            if all == finished { return say("all jobs are finished") }
            try await fleet.muster()
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

// MARK: - Faults

extension ChaosRun {
    private typealias Aftermath = @Sendable () async throws -> Void

    /// Does one fault.
    /// - Returns: what is still to be done or seen while others happen.
    private func cause(
        _ fault: ChaosPlan.Fault, using generator: inout SeededGenerator
    ) async throws -> Aftermath? {
        func seconds(_ range: ClosedRange<Double>) -> Duration { .seconds(Double.random(in: range, using: &generator)) }
        var aftermath: Aftermath?
        switch fault {
        case .kill, .stop, .terminate:
            guard let worker = await fleet.take(using: &generator) else { return nil }
            say("\(fault.rawValue) worker \(worker.place) (pid \(worker.process.identifier))")
            switch fault {
            case .kill: aftermath = try await kill(worker)
            case .stop: aftermath = stop(worker, for: seconds(plan.stopped))
            default: aftermath = terminate(worker)
            }
        case .reset: await cut(.reset)
        case .close: await cut(.close)
        case .refuse: try await refuse(for: seconds(plan.refused))
        case .stall: try await stall(for: seconds(plan.stalled))
        case .restart: try await shutDown(fault, for: seconds(plan.down)) { await $0.server.stopServer() }
        case .crash: try await shutDown(fault, for: seconds(plan.down)) { try await $0.crash() }
        case .outage: try await shutDown(fault, for: seconds(plan.away)) { await $0.server.stopServer() }
        case .pooler:
            guard let pooler else { return nil }
            say("restart pgbouncer")
            await pooler.stop()
            try await pooler.start()
        }
        report.faults[fault, default: 0] += 1
        return aftermath
    }

    private func kill(_ worker: Fleet.Worker) async throws -> Aftermath {
        let killed = Date.now
        worker.process.signal(SIGKILL)
        _ = await worker.process.end(within: .seconds(5))
        try await fleet.replace(worker)
        return { try await self.watchRecovery(of: worker.process.identifier, since: killed) }
    }

    /// Measures how long the jobs of a killed worker wait.
    private func watchRecovery(of process: pid_t, since killed: Date) async throws {
        let jobs = try await strike(process)
        guard !jobs.isEmpty else { return }
        while try await database.waiting(of: jobs) > 0 {
            guard Date.now.timeIntervalSince(killed) < plan.settleLimit.seconds else {
                report.complaints.append("jobs of the killed worker with pid \(process) were not taken up again")
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        let all = Date.now.timeIntervalSince(killed)
        let absent = absences.reduce(0) { $0 + $1.overlap(with: killed...Date.now) }
        let took = Duration.seconds(all - absent)
        report.recoveries.append(took)
        report.slowestRecoveryWithOutages = max(report.slowestRecoveryWithOutages, .seconds(all))
        say("the \(jobs.count) jobs of the killed pid \(process) were taken up again within \(took.inSeconds)")
    }

    /// Notes that a process loses the jobs it runs.
    private func strike(_ process: pid_t) async throws -> [HeldJob] {
        // What it had sent before may still be executed.
        try await Task.sleep(for: .milliseconds(300))
        let jobs = try await database.jobs(of: process)
        for job in jobs { blows[job.id, default: 0] += 1 }
        return jobs
    }

    private func stop(_ worker: Fleet.Worker, for time: Duration) -> Aftermath {
        worker.process.signal(SIGSTOP)
        let end = ContinuousClock.now + time
        return {
            _ = try await self.strike(worker.process.identifier)
            try await Task.sleep(until: end)
            worker.process.signal(SIGCONT)
            await self.fleet.giveBack(worker)
            await self.say("worker \(worker.place) goes on after \(time.inSeconds)")
        }
    }

    private func terminate(_ worker: Fleet.Worker) -> Aftermath {
        worker.process.signal(SIGTERM)
        return {
            let end = await worker.process.end(within: .seconds(40))
            if end != .exited(0) { await self.complain("worker \(worker.place) answered SIGTERM with \(end)") }
            try await self.fleet.replace(worker)
        }
    }

    private func complain(_ complaint: String) { report.complaints.append(complaint) }

    private func cut(_ cut: CuttingProxy.Cut) async {
        let count = await proxy.cutAll(cut)
        report.cutConnections += count
        say("\(cut) \(count) connections")
    }

    private func refuse(for time: Duration) async throws {
        say("refuse connections for \(time.inSeconds)")
        try await absent {
            await proxy.set(.refusing)
            report.cutConnections += await proxy.cutAll(.reset)
            try await Task.sleep(for: time)
            await proxy.set(.forwarding)
        }
    }

    private func stall(for time: Duration) async throws {
        say("stall for \(time.inSeconds)")
        try await absent {
            await proxy.set(.stalling)
            try await Task.sleep(for: time)
            await proxy.set(.forwarding)
        }
    }

    private func shutDown(
        _ fault: ChaosPlan.Fault, for time: Duration, _ how: (ChaosDatabase) async throws -> Void
    ) async throws {
        say("\(fault.rawValue): the server is away for \(time.inSeconds)")
        try await absent {
            try await how(database)
            try await Task.sleep(for: time)
            try await database.server.startServer()
        }
    }

    /// Notes that workers cannot reach the database while `body` runs.
    private func absent(_ body: () async throws -> Void) async throws {
        let start = Date.now
        try await body()
        absences.append(start...Date.now)
    }
}

extension ClosedRange<Date> {
    /// Seconds that are in both.
    fileprivate func overlap(with other: Self) -> Double {
        guard overlaps(other) else { return 0 }
        let common = clamped(to: other)
        return common.upperBound.timeIntervalSince(common.lowerBound)
    }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
