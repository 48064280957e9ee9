import TestSupport

/// What one job will do, whoever runs it and however often: known to the worker that acts it and to the harness that
/// judges the end. It follows from the job's `local_path`, which holds the seed of the run and the job's number.
package struct JobScript: Sendable, Hashable {
    /// What the last try comes to.
    package enum Ending: Sendable, Hashable {
        /// With one effect, in the transaction that completes the job.
        case completes
        /// With no effect; its outcome is written together with others'.
        case finishes
        case fails
        /// The effect is written and the transaction that holds it then refused, so that nothing of it may stay.
        case isRejected
    }

    /// What one try comes to.
    package enum Step: Sendable, Hashable {
        case snooze
        case retry
        case end(Ending)
    }

    /// Tries that are put off first.
    package let snoozes: Int
    /// Tries that fail transiently; one more than the engine allows makes the job FAILED.
    package let failures: Int
    package let ending: Ending
    /// How long each try works.
    package let work: Duration

    /// Failures after which a job is tried again (docs/job-states.md).
    package static let maximumRetries = 3

    /// - Parameter path: as ``path(seed:number:)`` makes it; anything else has no script.
    package init?(path: String) {
        let parts = path.split(separator: "/")
        guard parts.count == 3, parts[0] == "chaos", let seed = UInt64(parts[1]), let number = UInt64(parts[2]) else {
            return nil
        }
        var generator = SeededGenerator(seed: seed ^ (number &* 0xD6E8_FEB8_6659_FD93))
        // One job in five takes as long as a worker may be cut off without noticing.
        work =
            Int.random(in: 0..<5, using: &generator) == 0
            ? .milliseconds(Int.random(in: 1000...3000, using: &generator))
            : .milliseconds(Int.random(in: 1...100, using: &generator))
        let kind = Int.random(in: 0..<100, using: &generator)
        snoozes = (78..<84).contains(kind) ? Int.random(in: 1...2, using: &generator) : 0
        failures =
            switch kind {
            case 80..<90: Int.random(in: 1...Self.maximumRetries, using: &generator)
            case 90..<92: Self.maximumRetries + 1
            default: 0
            }
        ending =
            switch kind {
            case ..<15: .finishes
            case 92..<96: .fails
            case 96...: .isRejected
            default: .completes
            }
    }

    package static func path(seed: UInt64, number: Int) -> String { "/chaos/\(seed)/\(number)" }

    /// What the try comes to that begins with these counters.
    package func step(retryCount: Int, snoozeCount: Int) -> Step {
        if snoozeCount < snoozes { return .snooze }
        if retryCount < failures { return .retry }
        return .end(ending)
    }

    /// The job must be COMPLETED in the end, and must be FAILED where this is false.
    package var endsCompleted: Bool {
        (ending == .completes || ending == .finishes) && failures <= Self.maximumRetries
    }

    /// Effects of the job once it is COMPLETED.
    package var effects: Int { ending == .completes ? 1 : 0 }

    /// `retry_count` in the end.
    package var retries: Int { min(failures, Self.maximumRetries) }
}
