import ChaosHarness
import Synchronization
import Testing

/// Jobs through everything that can be taken away from their workers. `scripts/chaos` does the same for longer.
struct ChaosTests {
    @Test(.timeLimit(.minutes(3)))
    func everyJobIsDoneOnceWhateverIsTakenAway() async throws {
        let happened = Mutex("")
        var plan = ChaosPlan(seed: 20_240_611)
        plan.jobs = 400
        plan.workers = 4
        plan.duration = .seconds(14)
        // The ones that take the longest come first.
        plan.faults = [.stop, .kill, .reset, .restart, .terminate, .refuse, .crash, .close, .stall, .pooler]
        plan.pause = 0.3...0.8
        plan.stopped = 16...16.5
        plan.refused = 1...1.5
        plan.stalled = 1...1.5
        plan.down = 0...0.5
        plan.settleLimit = .seconds(60)
        plan.report = { line in happened.withLock { $0 += line + "\n" } }
        let report = try await ChaosRun.perform(plan)
        #expect(report.complaints.isEmpty, "\(happened.withLock(\.self))\(report)")
        #expect(report.jobs == 400)
        #expect(report.slowestRecovery < .seconds(25), "\(happened.withLock(\.self))\(report)")
    }
}
