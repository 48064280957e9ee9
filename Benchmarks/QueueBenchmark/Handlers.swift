import Jobs
import Postgres
import Synchronization

/// Completes every job at once and stores nothing.
struct NoOpHandler: JobHandler {
    func run(_ job: ClaimedJob) async -> JobOutcome { .finished("") }
}

/// Never ends a job.
struct EndlessHandler: JobHandler {
    func run(_ job: ClaimedJob) async -> JobOutcome {
        try? await Task.sleep(for: .seconds(86_400))
        return .released
    }
}

/// Notes how long ago each job was sent.
final class PickupHandler: JobHandler {
    private let expected: Int
    private let latencies: Mutex<[Int64]> = Mutex([])
    private let (ended, end) = AsyncStream.makeStream(of: Void.self)

    init(expected: Int) {
        self.expected = expected
    }

    func run(_ job: ClaimedJob) async -> JobOutcome {
        let now = Clock.nanoseconds
        guard let text: String = try? job.row.decode("local_path"), let sent = Int64(text) else {
            return .fail("local_path is no time")
        }
        let count = latencies.withLock { latencies in
            latencies.append(now - sent)
            return latencies.count
        }
        if count == expected { end.finish() }
        return .finished("")
    }

    /// Waits for the expected number of jobs.
    /// - Returns: nanoseconds from sending to start, in the order of the starts.
    func all() async -> [Int64] {
        for await _ in ended {}
        return latencies.withLock(\.self)
    }
}
