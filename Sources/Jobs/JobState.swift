/// Where a job stands. `docs/job-states.md` draws the same machine.
///
/// The machine is pure: it knows no database and no clock. The queue reads a row into a `JobState`, asks it what an
/// event leads to, and writes the answer under the job's lease.
package struct JobState: Sendable, Hashable {
    /// The four statuses of a job row. The running one is called UPLOADING or PROCESSING in the tables.
    package enum Phase: String, Sendable, Hashable, CaseIterable {
        case pending = "PENDING"
        case running = "RUNNING"
        case completed = "COMPLETED"
        case failed = "FAILED"
    }

    package var phase: Phase
    /// Tries that failed and were given another one.
    package var retryCount: Int
    /// Workers that died while they ran the job.
    package var crashCount: Int
    /// Times in a row the job was put back because the outside world was down.
    package var snoozeCount: Int
    /// Times a worker that was shutting down gave the job back.
    package var releaseCount: Int

    package init(
        phase: Phase = .pending, retryCount: Int = 0, crashCount: Int = 0, snoozeCount: Int = 0, releaseCount: Int = 0
    ) {
        self.phase = phase
        self.retryCount = retryCount
        self.crashCount = crashCount
        self.snoozeCount = snoozeCount
        self.releaseCount = releaseCount
    }
}

/// What can happen to a job.
package enum JobEvent: Sendable, Hashable, CaseIterable {
    /// A worker took it.
    case claimed
    /// Its work is done and stored.
    case succeeded
    /// The try failed; another may succeed.
    case failedTransiently
    /// No try can succeed.
    case failedPermanently
    /// Storage or another server is down or throttling; the job is not to blame.
    case snoozed
    /// The worker is shutting down and gives the job back.
    case released
    /// The worker that held the lease stopped beating.
    case workerLost
    /// An operator asked for a fresh set of tries.
    case retriedByOperator
    /// An operator wants it done no more.
    case cancelledByOperator
}

/// What an event leads to.
package struct JobTransition: Sendable, Hashable {
    package let state: JobState
    /// How long the job waits before it may be claimed again.
    package let delay: Duration

    init(_ state: JobState, delay: Duration = .zero) {
        self.state = state
        self.delay = delay
    }
}

extension JobState {
    /// The transition that `event` leads to, or nil where the event cannot happen in this state: a job that was
    /// finished, cancelled or taken by another worker in the meantime is left alone.
    package func applying(_ event: JobEvent, policy: RetryPolicy, jitter: Double) -> JobTransition? {
        var next = self
        switch (phase, event) {
        case (.pending, .claimed):
            next.phase = .running
            return JobTransition(next)
        case (.running, .succeeded):
            next.phase = .completed
            next.snoozeCount = 0
            return JobTransition(next)
        case (.running, .failedTransiently):
            guard retryCount < policy.maximumRetries else { return JobTransition(next.ended(.failed)) }
            next.phase = .pending
            next.retryCount += 1
            return JobTransition(next, delay: policy.retryDelay(afterFailures: next.retryCount, jitter: jitter))
        case (.running, .failedPermanently):
            return JobTransition(next.ended(.failed))
        case (.running, .snoozed):
            next.phase = .pending
            next.snoozeCount += 1
            return JobTransition(next, delay: policy.snoozeDelay(afterSnoozes: next.snoozeCount, jitter: jitter))
        case (.running, .released):
            next.phase = .pending
            next.releaseCount += 1
            return JobTransition(next)
        case (.running, .workerLost):
            next.crashCount += 1
            next.phase = next.crashCount < policy.maximumCrashes ? .pending : .failed
            return JobTransition(next)
        case (.failed, .retriedByOperator), (.pending, .retriedByOperator):
            return JobTransition(JobState())
        case (.pending, .cancelledByOperator), (.running, .cancelledByOperator):
            return JobTransition(next.ended(.failed))
        case (.pending, _), (.running, _), (.completed, _), (.failed, _):
            return nil
        }
    }

    private func ended(_ phase: Phase) -> JobState {
        var state = self
        state.phase = phase
        return state
    }
}
