package import Logging
import Postgres

/// Takes back the jobs of dead workers. Any process may run it and none is elected: the rows' own locks keep two of
/// them from taking the same job.
package struct LostJobRescuer: Sendable {
    /// Between two looks; with the lease's time to live this bounds how long a killed worker's job waits.
    package static let interval: Duration = .seconds(4)

    let queues: [JobQueue]
    let logger: Logger

    package init(queues: [JobQueue], logger: Logger) {
        self.queues = queues
        self.logger = logger
    }

    package func run() async throws(CancellationError) {
        while true {
            await rescue()
            do { try await Task.sleep(for: Self.interval) } catch { throw CancellationError() }
        }
    }

    /// One look at every queue.
    package func rescue() async {
        for queue in queues {
            do {
                for (id, state) in try await queue.takeBackLostJobs() {
                    logger.warning(
                        "\(queue.table.kind) job of a lost worker taken back, now \(state.phase.rawValue)",
                        metadata: ["job": "\(id.lowercased)", "crashes": "\(state.crashCount)"])
                }
            } catch {
                logger.warning("could not look for lost \(queue.table.kind) jobs: \(error)")
            }
        }
    }
}
