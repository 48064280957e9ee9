import Jobs
import Testing

/// The machine by table: every phase with every event.
@Suite struct JobStateTests {
    /// What each event leads to; what is not listed is refused.
    static let allowed: [JobState.Phase: [JobEvent: JobState.Phase]] = [
        .pending: [.claimed: .running, .retriedByOperator: .pending, .cancelledByOperator: .failed],
        .running: [
            .succeeded: .completed, .failedTransiently: .pending, .failedPermanently: .failed, .snoozed: .pending,
            .released: .pending, .workerLost: .pending, .cancelledByOperator: .failed,
        ],
        .failed: [.retriedByOperator: .pending],
        .completed: [:],
    ]

    @Test(arguments: JobState.Phase.allCases, JobEvent.allCases)
    func everyPhaseWithEveryEvent(phase: JobState.Phase, event: JobEvent) {
        let next = JobState(phase: phase).applying(event, policy: RetryPolicy(), jitter: 1)
        #expect(next?.state.phase == Self.allowed[phase]?[event])
    }

    @Test func threeRetriesThenFailed() throws {
        var state = JobState(phase: .running)
        for retry in 1...3 {
            state = try #require(state.applying(.failedTransiently, policy: RetryPolicy(), jitter: 1)).state
            #expect(state == JobState(phase: .pending, retryCount: retry))
            state = try #require(state.applying(.claimed, policy: RetryPolicy(), jitter: 1)).state
        }
        let last = try #require(state.applying(.failedTransiently, policy: RetryPolicy(), jitter: 1))
        #expect(last.state == JobState(phase: .failed, retryCount: 3))
    }

    @Test func aPermanentFailureBurnsNoRetry() throws {
        let next = try #require(
            JobState(phase: .running, retryCount: 1).applying(.failedPermanently, policy: RetryPolicy(), jitter: 1))
        #expect(next.state == JobState(phase: .failed, retryCount: 1))
    }

    @Test func anOutageOfAnyLengthFailsNoJob() throws {
        var state = JobState(phase: .running, retryCount: 3, crashCount: 2)
        for snooze in 1...10_000 {
            let next = try #require(state.applying(.snoozed, policy: RetryPolicy(), jitter: 1))
            #expect(next.state == JobState(phase: .pending, retryCount: 3, crashCount: 2, snoozeCount: snooze))
            #expect(next.delay <= .seconds(60))
            state = try #require(next.state.applying(.claimed, policy: RetryPolicy(), jitter: 1)).state
        }
    }

    @Test func theThirdCrashFails() throws {
        var state = JobState(phase: .running, retryCount: 2)
        for crash in 1...2 {
            state = try #require(state.applying(.workerLost, policy: RetryPolicy(), jitter: 1)).state
            #expect(state == JobState(phase: .pending, retryCount: 2, crashCount: crash))
            state.phase = .running
        }
        state = try #require(state.applying(.workerLost, policy: RetryPolicy(), jitter: 1)).state
        #expect(state == JobState(phase: .failed, retryCount: 2, crashCount: 3))
    }

    @Test func aReleaseIsCountedApartAndWaitsForNothing() throws {
        let held = JobState(phase: .running, retryCount: 2, crashCount: 1, snoozeCount: 5)
        let next = try #require(held.applying(.released, policy: RetryPolicy(), jitter: 1))
        #expect(
            next.state == JobState(phase: .pending, retryCount: 2, crashCount: 1, snoozeCount: 5, releaseCount: 1))
        #expect(next.delay == .zero)
    }

    @Test func anOperatorsRetryStartsAllCountersOver() throws {
        let failed = JobState(phase: .failed, retryCount: 3, crashCount: 2, snoozeCount: 9)
        #expect(failed.applying(.retriedByOperator, policy: RetryPolicy(), jitter: 1)?.state == JobState())
    }

    @Test(arguments: [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (60, 300), (100_000, 300)])
    func theBackoffDoublesToItsCap(failures: Int, ceiling: Int) {
        let policy = RetryPolicy()
        #expect(policy.retryDelay(afterFailures: failures, jitter: 1) == .seconds(ceiling))
        #expect(policy.retryDelay(afterFailures: failures, jitter: 0) == .zero)
        #expect(policy.retryDelay(afterFailures: failures, jitter: 0.5) == .seconds(ceiling) / 2)
    }
}
