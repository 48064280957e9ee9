import Metrics

extension JobWorker {
    /// How many jobs of one run ended in which way.
    package struct Tally: Sendable, Hashable {
        package var completed = 0
        /// Put back for another try: retried or snoozed.
        package var postponed = 0
        package var failed = 0
        /// Given back or thrown away: shutdown, lost lease.
        package var released = 0

        package init() {}

        mutating func count(_ end: JobRun.End) {
            switch end {
            case .completed: completed += 1
            case .postponed: postponed += 1
            case .failed: failed += 1
            case .released: released += 1
            }
        }

        package static func + (left: Self, right: Self) -> Self {
            var sum = left
            sum.completed += right.completed
            sum.postponed += right.postponed
            sum.failed += right.failed
            sum.released += right.released
            return sum
        }
    }
}

/// The metric `lathe_job_duration`: how long handlers ran, by queue and end.
struct JobTimers {
    private let timers: [JobRun.End: Timer]

    init(queue: String) {
        timers = Dictionary(
            uniqueKeysWithValues: JobRun.End.allCases.map { end in
                (end, Timer(label: "lathe_job_duration", dimensions: [("queue", queue), ("end", end.rawValue)]))
            })
    }

    func record(_ end: JobRun.End, _ took: Duration) {
        timers[end]?.recordNanoseconds(Int64(took.seconds * 1e9))
    }
}
