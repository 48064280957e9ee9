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

    /// After an outage, before the next look. Who could not beat because the database was away is not dead, and gives
    /// its jobs back uncounted when it returns: it gets as long as it may wait between two attempts.
    static let patience: Duration = Backoff.longest + interval

    /// The same for a server that was restarted while nobody looked.
    private static let patienceSQL: SQL = "make_interval(secs => \(patience.seconds))"

    /// - Parameter afterOutage: the database was out of reach just before.
    package func run(afterOutage: Bool = false) async throws(CancellationError) {
        var pause = afterOutage ? Self.patience : .zero
        while true {
            do { try await Task.sleep(for: pause) } catch { throw CancellationError() }
            pause = await rescue() ? Self.interval : Self.patience
        }
    }

    /// One look at every queue, in one statement where nothing is lost.
    /// - Returns: false if the database could not be reached.
    @discardableResult
    package func rescue() async -> Bool {
        do {
            let looks = queues.map { queue -> SQL in
                """
                SELECT \(queue.table.kind)::text AS kind
                WHERE \(sql: queue.hasLostJobs) AND now() - pg_postmaster_start_time() > \(sql: Self.patienceSQL)
                """
            }
            guard let database = queues.first?.database else { return true }
            for row in try await database.query(looks.joined(separator: " UNION ALL ").prepared) {
                let kind: String = try row.decode("kind")
                for queue in queues where queue.table.kind == kind { try await rescue(queue) }
            }
            return true
        } catch {
            if !Task.isCancelled { logger.warning("could not look for lost jobs: \(error)") }
            return (error as? PostgresError)?.isConnectionFailure != true
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
