package import Logging
import Postgres

/// Takes back the jobs of dead workers. Any process may run it and none is elected: the rows' own locks keep two of
/// them from taking the same job.
package struct LostJobRescuer: Sendable {
    /// Between two looks; with the lease's time to live this bounds how long a killed worker's job waits.
    package static let interval: Duration = .seconds(5)

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

    /// One look at every queue, in one statement where nothing is lost.
    package func rescue() async {
        do {
            let looks = queues.map { queue -> SQL in
                "SELECT \(queue.table.kind)::text AS kind WHERE \(sql: queue.hasLostJobs)"
            }
            guard let database = queues.first?.database else { return }
            for row in try await database.query(looks.joined(separator: " UNION ALL ").prepared) {
                let kind: String = try row.decode("kind")
                for queue in queues where queue.table.kind == kind { try await rescue(queue) }
            }
        } catch {
            if !Task.isCancelled { logger.warning("could not look for lost jobs: \(error)") }
        }
    }

    private func rescue(_ queue: JobQueue) async throws {
        let taken = try await queue.takeBackLostJobs()
        for (id, state) in taken {
            logger.warning(
                "\(queue.table.kind) job of a lost worker taken back, now \(state.phase.rawValue)",
                metadata: ["job": "\(id.lowercased)", "crashes": "\(state.crashCount)"])
        }
        if !taken.isEmpty { try await queue.ring() }
    }
}
