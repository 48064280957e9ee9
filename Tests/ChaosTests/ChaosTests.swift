import ChaosHarness
import Foundation
import Synchronization
import TestSupport
import Testing

/// Jobs through everything that can be taken away from their workers. `scripts/chaos` does the same for longer.
struct ChaosTests {
    /// Another one each time, so that every run tries something new; LATHE_CHAOS_SEED repeats one that failed.
    private static let seed =
        ProcessInfo.processInfo.environment["LATHE_CHAOS_SEED"].flatMap(UInt64.init) ?? .random(in: 0..<1_000_000)

    @Test(.timeLimit(.minutes(3)))
    func everyJobIsDoneOnceWhateverIsTakenAway() async throws {
        var generator = SeededGenerator(seed: Self.seed)
        let happened = Mutex("")
        var plan = ChaosPlan(seed: Self.seed)
        plan.jobs = 400
        plan.workers = 4
        plan.duration = .seconds(14)
        // What takes the longest to recover from comes first.
        let rest: [ChaosPlan.Fault] = [.reset, .restart, .terminate, .refuse, .crash, .close, .stall, .pooler]
        let faults = [.stop, .kill] + rest.shuffled(using: &generator)
        plan.faults = faults
        plan.pause = 0.3...0.8
        plan.stopped = 16...16.5
        plan.refused = 1...1.5
        plan.stalled = 1...1.5
        plan.down = 0...0.5
        plan.settleLimit = .seconds(60)
        plan.report = { line in happened.withLock { $0 += line + "\n" } }
        let report = try await ChaosRun.perform(plan)
        let story: Comment = "\(happened.withLock(\.self))\(report)"
        #expect(report.complaints.isEmpty, story)
        #expect(report.jobs == plan.jobs, story)
        #expect(report.lost == 0 && report.doubled == 0, story)
        for fault in faults where fault.isPossible {
            #expect(report.faults[fault, default: 0] > 0, "\(fault.rawValue) never happened\n\(story)")
        }
        #expect(report.cutConnections > 0, story)
        #expect(!report.recoveries.isEmpty, story)
        // `scripts/chaos` reports how soon it is; here a loaded machine has its time.
        #expect(report.slowestRecovery < .seconds(60), story)
    }
}
