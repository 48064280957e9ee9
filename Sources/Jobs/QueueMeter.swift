import Logging
import Metrics

/// Records the queues' statistics as gauges once a minute, `lathe_queue_…` with the queue as dimension.
struct QueueMeter: Sendable {
    static let interval: Duration = .seconds(60)

    let queues: [JobQueue]
    let logger: Logger

    func run() async throws(CancellationError) {
        while true {
            do { try await Task.sleep(for: Self.interval * Double.random(in: 0.9...1.1)) } catch {
                throw CancellationError()
            }
            await record()
        }
    }

    func record() async {
        for queue in queues {
            do {
                Self.record(try await queue.statistics())
            } catch {
                if !Task.isCancelled { logger.debug("the queues could not be measured: \(error)") }
            }
        }
    }

    private static func record(_ statistics: QueueStatistics) {
        let values: [(String, Double)] = [
            ("due_jobs", Double(statistics.due)), ("later_jobs", Double(statistics.later)),
            ("running_jobs", Double(statistics.running)), ("longest_wait_seconds", statistics.longestWait),
            ("workers", Double(statistics.workers)), ("paused", statistics.pausedAt == nil ? 0 : 1),
            ("dead_rows", Double(statistics.deadRows)),
            ("oldest_snapshot_transactions", Double(statistics.oldestSnapshotAge)),
            ("oldest_transaction_seconds", statistics.oldestTransaction),
        ]
        for (name, value) in values {
            Gauge(label: "lathe_queue_\(name)", dimensions: [("queue", statistics.queue)]).record(value)
        }
    }
}
