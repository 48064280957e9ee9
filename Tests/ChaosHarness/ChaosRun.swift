import Foundation
import PrivatePostgres
import SystemPackage
import TestSupport

/// One run: a server, workers, jobs, and all that goes wrong.
package actor ChaosRun {
    let plan: ChaosPlan
    let database: ChaosDatabase
    let proxy: CuttingProxy
    let pooler: Pooler?
    let fleet: Fleet
    private let start = ContinuousClock.now
    var report: ChaosReport
    private var hasFed = false
    /// Kills and stops, by the jobs they met.
    var blows: [UUID: Int] = [:]
    /// When no worker could reach the database.
    var absences: [ClosedRange<Date>] = []

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
            // A fault that meets nobody proves nothing.
            try await fleet.assemble(within: .seconds(60))
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

    func say(_ what: String) {
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
        let opening = ContinuousClock.now
        var finishedBefore = 0
        var progress = opening
        while true {
            let (all, pending, finished) = try await database.counts()
            guard all < plan.jobs else { break }
            if finished > finishedBefore { (finishedBefore, progress) = (finished, .now) }
            guard progress.duration(to: .now) < plan.settleLimit else {
                complain("no job was finished for \(plan.settleLimit.inSeconds); \(all) had arrived")
                break
            }
            let share = min(1, opening.duration(to: .now) / plan.duration)
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
