import Foundation
import PrivatePostgres
import TestSupport

/// The faults, and what is seen of them.
extension ChaosRun {
    typealias Aftermath = @Sendable () async throws -> Void

    /// Does one fault.
    /// - Returns: what is still to be done or seen while others happen.
    func cause(
        _ fault: ChaosPlan.Fault, using generator: inout SeededGenerator
    ) async throws -> Aftermath? {
        func seconds(_ range: ClosedRange<Double>) -> Duration { .seconds(Double.random(in: range, using: &generator)) }
        var aftermath: Aftermath?
        switch fault {
        case .kill, .stop, .terminate:
            guard let worker = try await fleet.take(within: .seconds(10), using: &generator) else { return nil }
            if fault == .kill { try await waitForJobs(of: worker.process.identifier) }
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

    /// A kill that meets no job measures nothing.
    private func waitForJobs(of process: pid_t) async throws {
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline, try await database.jobs(of: process).isEmpty {
            try await Task.sleep(for: .milliseconds(20))
        }
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

    func complain(_ complaint: String) { report.complaints.append(complaint) }

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
