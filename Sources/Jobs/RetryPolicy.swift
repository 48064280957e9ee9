/// How often a job is tried and how long it waits in between.
package struct RetryPolicy: Sendable, Hashable {
    /// Failed tries that are given another one; the failure after them is FAILED.
    package var maximumRetries = 3
    /// Workers that may die under a job before it is FAILED.
    package var maximumCrashes = 3
    /// First ceiling of the backoff; it doubles with every failure.
    package var base: Duration = .seconds(5)
    /// Highest ceiling of the backoff after a failure.
    package var cap: Duration = .seconds(300)
    /// Highest ceiling while the outside world is down: work resumes within a minute of its return.
    package var snoozeCap: Duration = .seconds(60)

    package init() {}

    /// Exponential backoff with full jitter: uniform between zero and `base × 2^(failures − 1)`, at most `cap`
    /// (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
    /// - Parameters:
    ///   - failures: failed tries so far, at least 1.
    ///   - jitter: a uniform random number in 0…1.
    package func retryDelay(afterFailures failures: Int, jitter: Double) -> Duration {
        ceiling(failures, cap: cap) * jitter
    }

    /// Half fixed, half jitter: a server that is down is not asked again at once, and hosts do not return in step.
    package func snoozeDelay(afterSnoozes snoozes: Int, jitter: Double) -> Duration {
        ceiling(snoozes, cap: snoozeCap) * (0.5 + jitter / 2)
    }

    private func ceiling(_ count: Int, cap: Duration) -> Duration {
        // 2^20 × base is past every cap; the clamp keeps the shift in range.
        min(cap, base * (1 << min(max(count - 1, 0), 20)))
    }
}
