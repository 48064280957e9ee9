import Jobs
import Testing

/// The machine by table: every phase with every event and every set of counters a row can have, and what no path may
/// ever lead to.
@Suite struct JobStateTests {
    /// One line of the table. Counters that it does not name stay as they are.
    struct Line: Sendable {
        let from: JobState.Phase
        let on: JobEvent
        /// The line holds for these states only.
        var given: @Sendable (JobState) -> Bool = { _ in true }
        /// Nil where the event is refused.
        let to: JobState.Phase?
        /// What becomes of the counters.
        var sets: @Sendable (inout JobState) -> Void = { _ in }
        /// Seconds until the next claim, from the shortest to the longest.
        var waits: ClosedRange<Double> = 0...0
    }

    static let table: [Line] =
        [
            Line(from: .pending, on: .claimed, to: .running),
            Line(from: .pending, on: .retriedByOperator, to: .pending, sets: { $0 = JobState() }),
            Line(from: .pending, on: .cancelledByOperator, to: .failed),

            Line(from: .running, on: .succeeded, to: .completed, sets: { $0.snoozeCount = 0 }),
            retry(given: 0, sets: 1, waits: 0...5),
            retry(given: 1, sets: 2, waits: 0...10),
            retry(given: 2, sets: 3, waits: 0...20),
            Line(from: .running, on: .failedTransiently, given: { $0.retryCount == 3 }, to: .failed),
            Line(from: .running, on: .failedPermanently, to: .failed),
            snooze(given: 0, sets: 1, waits: 2.5...5),
            snooze(given: 1, sets: 2, waits: 5...10),
            snooze(given: 2, sets: 3, waits: 10...20),
            snooze(given: 3, sets: 4, waits: 20...40),
            snooze(given: 4, sets: 5, waits: 30...60),
            snooze(given: 5, sets: 6, waits: 30...60),
            snooze(given: 4000, sets: 4001, waits: 30...60),
            Line(from: .running, on: .released, given: { $0.releaseCount == 0 }, to: .pending) { $0.releaseCount = 1 },
            Line(from: .running, on: .released, given: { $0.releaseCount == 8 }, to: .pending) { $0.releaseCount = 9 },
            crash(given: 0, sets: 1, to: .pending),
            crash(given: 1, sets: 2, to: .pending),
            crash(given: 2, sets: 3, to: .failed),
            Line(from: .running, on: .cancelledByOperator, to: .failed),

            Line(from: .failed, on: .retriedByOperator, to: .pending, sets: { $0 = JobState() }),
        ]
        + refused(
            .pending,
            [
                .succeeded, .failedTransiently, .failedPermanently, .snoozed, .released, .workerLost,
            ])
        + refused(.running, [.claimed, .retriedByOperator])
        + refused(.completed, JobEvent.allCases)
        + refused(
            .failed,
            [
                .claimed, .succeeded, .failedTransiently, .failedPermanently, .snoozed, .released, .workerLost,
                .cancelledByOperator,
            ])

    private static func retry(given count: Int, sets next: Int, waits: ClosedRange<Double>) -> Line {
        Line(
            from: .running, on: .failedTransiently, given: { $0.retryCount == count }, to: .pending,
            sets: { $0.retryCount = next }, waits: waits)
    }

    private static func snooze(given count: Int, sets next: Int, waits: ClosedRange<Double>) -> Line {
        Line(
            from: .running, on: .snoozed, given: { $0.snoozeCount == count }, to: .pending,
            sets: { $0.snoozeCount = next }, waits: waits)
    }

    private static func crash(given count: Int, sets next: Int, to phase: JobState.Phase) -> Line {
        Line(
            from: .running, on: .workerLost, given: { $0.crashCount == count }, to: phase,
            sets: { $0.crashCount = next })
    }

    private static func refused(_ phase: JobState.Phase, _ events: [JobEvent]) -> [Line] {
        events.map { Line(from: phase, on: $0, to: nil) }
    }

    /// Every set of counters the table tells apart, in one phase.
    static func grid(_ phase: JobState.Phase) -> [JobState] {
        var states: [JobState] = []
        for retries in 0...3 {
            for crashes in 0...2 {
                for snoozes in [0, 1, 2, 3, 4, 5, 4000] {
                    for releases in [0, 8] {
                        states.append(
                            JobState(
                                phase: phase, retryCount: retries, crashCount: crashes, snoozeCount: snoozes,
                                releaseCount: releases))
                    }
                }
            }
        }
        return states
    }

    @Test(arguments: JobState.Phase.allCases, JobEvent.allCases)
    func everyPhaseWithEveryEventAndEveryCounter(phase: JobState.Phase, event: JobEvent) throws {
        for state in Self.grid(phase) {
            let lines = Self.table.filter { $0.from == phase && $0.on == event && $0.given(state) }
            try #require(lines.count == 1, "the table says nothing, or two things, of \(event) in \(state)")
            let line = lines[0]
            for jitter in [0, 0.5, 1] {
                let next = state.applying(event, policy: RetryPolicy(), jitter: jitter)
                guard let to = line.to else {
                    #expect(next == nil, "\(event) in \(state)")
                    continue
                }
                var expected = state
                line.sets(&expected)
                expected.phase = to
                let seconds = line.waits.lowerBound + (line.waits.upperBound - line.waits.lowerBound) * jitter
                #expect(next?.state == expected, "\(event) in \(state)")
                #expect(next?.delay == .seconds(seconds), "\(event) in \(state)")
            }
        }
    }

    /// Counters that a hand wrote, past what the machine itself ever writes.
    @Test(arguments: [4, 1000, Int(Int32.max)])
    func countersPastTheirCapFailAndGrowNoMoreThanByTheirOwnEvent(count: Int) {
        let state = JobState(phase: .running, retryCount: count, crashCount: count)
        #expect(
            state.applying(.failedTransiently, policy: RetryPolicy(), jitter: 1)?.state
                == JobState(phase: .failed, retryCount: count, crashCount: count))
        #expect(state.applying(.workerLost, policy: RetryPolicy(), jitter: 1)?.state.phase == .failed)
    }

    /// All that any order of events can make of a fresh row. Snoozes and releases are endless, so three of each stand
    /// for all.
    static let reachable: Set<JobState> = {
        var seen: Set<JobState> = [JobState()]
        var open = [JobState()]
        while let state = open.popLast() {
            for event in JobEvent.allCases {
                guard let next = state.applying(event, policy: RetryPolicy(), jitter: 1)?.state,
                    next.snoozeCount <= 3, next.releaseCount <= 3, seen.insert(next).inserted
                else { continue }
                open.append(next)
            }
        }
        return seen
    }()

    @Test func noPathLeadsPastTheCaps() {
        for state in Self.reachable {
            #expect((0...3).contains(state.retryCount), "\(state)")
            #expect((0...3).contains(state.crashCount), "\(state)")
            #expect(state.crashCount < 3 || state.phase == .failed, "\(state)")
        }
    }

    @Test(arguments: JobEvent.allCases)
    func everyEventKeepsItsPromises(event: JobEvent) {
        for state in Self.reachable {
            for jitter in [0, 0.3, 1] {
                guard let next = state.applying(event, policy: RetryPolicy(), jitter: jitter) else { continue }
                #expect(next.delay >= .zero && next.delay <= .seconds(60))
                #expect(next.delay == .zero || next.state.phase == .pending)
                if [.completed, .failed].contains(state.phase) {
                    #expect(event == .retriedByOperator && state.phase == .failed, "only an operator resurrects")
                }
                if next.state.retryCount > state.retryCount { #expect(event == .failedTransiently) }
                if next.state.crashCount > state.crashCount { #expect(event == .workerLost) }
                if next.state.phase == .running { #expect(event == .claimed) }
                if next.state.phase == .completed { #expect(event == .succeeded) }
            }
        }
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
