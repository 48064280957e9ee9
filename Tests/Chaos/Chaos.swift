import ArgumentParser
import ChaosHarness
import Foundation

/// The long run of the chaos tests: `scripts/chaos`.
@main
struct Chaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run jobs while workers, connections and the database are taken away, and check that none is lost or "
            + "done twice.",
        discussion: "Exits with 1 where something is wrong with a job; the workers' logs are kept then.")

    @Option(help: "How many jobs.") var jobs = 10_000
    @Option(help: "How many worker processes.") var workers = 6
    @Option(help: "Jobs a worker runs at once.") var concurrency = 4
    @Option(help: "The time over which jobs arrive and faults happen, in seconds.") var seconds = 300.0
    @Option(help: "Repeats the jobs and faults of an earlier run; random without it.") var seed: UInt64?
    @Option(help: "Only these faults, separated by commas: \(faults).") var only: String?
    @Flag(help: "The faults of --only, once each and in their order.") var once = false
    @Flag(help: "Connect no worker through pgbouncer, although it is installed.") var noPooler = false

    private static let faults = ChaosPlan.Fault.allCases.map(\.rawValue).joined(separator: ", ")

    func run() async throws {
        var plan = ChaosPlan(seed: seed ?? .random(in: 0..<1_000_000))
        plan.jobs = jobs
        plan.workers = workers
        plan.concurrency = concurrency
        plan.duration = .seconds(seconds)
        plan.usesPooler = !noPooler
        if let only {
            let chosen = only.split(separator: ",").map { String($0) }
            let faults = chosen.compactMap { ChaosPlan.Fault(rawValue: $0) }
            guard faults.count == chosen.count else { throw ValidationError("--only takes \(Self.faults)") }
            plan.weights = plan.weights.filter { faults.contains($0.fault) }
            plan.faults = once ? faults : nil
        }
        plan.report = { FileHandle.standardError.write(Data("\($0)\n".utf8)) }
        plan.report("seed \(plan.seed)")
        let report = try await ChaosRun.perform(plan)
        print(report)
        guard report.complaints.isEmpty else { throw ExitCode.failure }
    }
}
