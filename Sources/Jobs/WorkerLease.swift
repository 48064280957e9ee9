package import Foundation
package import Logging
package import Postgres
import Synchronization

/// The life sign of one running worker process: a row in `workers` that beats every few seconds.
///
/// Jobs name the incarnation that runs them, so one small update keeps any number of leases alive. The database's
/// clock alone decides who is alive. An incarnation that cannot beat gives itself up before the others may take its
/// jobs: its work is cancelled at `giveUpAfter`, the jobs are free at `timeToLive`.
package struct WorkerLease: Sendable {
    /// Seconds without a beat after which an incarnation's jobs are taken back.
    package static let timeToLive: Duration = .seconds(15)
    /// Between two beats.
    package static let beatInterval: Duration = .seconds(4)
    /// Without a successful beat for this long an incarnation stops its own work: `timeToLive` less a margin for a last
    /// statement that takes five seconds to be cancelled.
    package static let giveUpAfter: Duration = .seconds(9)

    /// `timeToLive` as an SQL interval.
    static let timeToLiveSQL: SQL = "make_interval(secs => \(timeToLive.seconds))"
    /// SQL condition on a `workers` row called `w`.
    package static let isLive: SQL = "w.beat_at > now() - \(sql: timeToLiveSQL)"

    /// Of its own, so that no busy pool can delay a beat.
    let database: Database
    let logger: Logger
    /// The job tables this process works on.
    let tables: [JobTable]
    let version: String
    /// Kept armed by the beats.
    let doorbell: Doorbell?
    /// What runs under the lease.
    let running = RunningJobs()

    package init(
        database: Database, tables: [JobTable], version: String, doorbell: Doorbell? = nil, logger: Logger
    ) {
        self.database = database
        self.tables = tables
        self.version = version
        self.doorbell = doorbell
        self.logger = logger
    }

    /// Registers a new incarnation.
    package func register() async throws(PostgresError) -> UUID {
        let rows = try await database.query(
            """
            INSERT INTO workers (host, pid, version, runs)
            VALUES (\(ProcessInfo.processInfo.hostName), \(Int(ProcessInfo.processInfo.processIdentifier)),
                \(version), \(tables.map(\.name)))
            RETURNING id
            """)
        return try rows.single().decode("id")
    }

    /// Beats until the incarnation is lost: the database was out of reach for too long, or the row had gone stale
    /// because this process itself stood still.
    package func beatUntilLost(_ worker: UUID) async throws(CancellationError) {
        let clock = ContinuousClock()
        var deadline = clock.now + Self.giveUpAfter
        while true {
            let next = min(clock.now + Self.beatInterval, deadline)
            do { try await clock.sleep(until: next) } catch { throw CancellationError() }
            let sentAt = clock.now
            guard sentAt < deadline else {
                logger.error("no beat for \(Self.giveUpAfter): running jobs are cancelled and will be taken up again")
                return
            }
            do {
                guard let strays = try await beat(worker, within: min(Self.beatInterval, deadline - sentAt)) else {
                    logger.error("this worker was silent for too long; its jobs may have been taken back")
                    return
                }
                deadline = sentAt + Self.giveUpAfter
                if !strays.isEmpty { await release(strays, of: worker) }
            } catch {
                if Task.isCancelled { throw CancellationError() }
                logger.warning("worker: no beat, the database does not answer: \(error)")
            }
        }
    }

    /// One statement: beats, keeps the doorbells armed that are, and learns which jobs the database takes for ours. So
    /// a job that an operator cancels, or changes by hand, is stopped within a beat.
    /// - Returns: leases it holds that nothing here runs; nil where its row had gone stale.
    func beat(_ worker: UUID, within limit: Duration) async throws -> [UUID]? {
        let held = tables.map { table -> SQL in
            """
            SELECT lease_token FROM \(identifier: table.name)
            WHERE worker_id = \(worker) AND status = '\(unsafeRaw: table.runningStatus)' AND lease_token IS NOT NULL
            """
        }
        let armed = tables.filter { doorbell?.isArmed($0) ?? false }
        let statement: SQL = """
            WITH beat AS (UPDATE workers w SET beat_at = now() WHERE id = \(worker) AND \(sql: Self.isLive) RETURNING id)
            SELECT EXISTS (SELECT 1 FROM beat) AS is_live, ARRAY(\(sql: held.joined(separator: " UNION ALL "))) AS held,
                ARRAY[\(sql: armed.map(\.arming).joined(separator: ", "))]::bigint[] AS armed_until
            """
        let sentAt = ContinuousClock.now
        let row = try await withTimeout(limit) { try await database.query(statement.prepared).single() }
        doorbell?.keptArmed(armed, until: sentAt + Doorbell.armedTime)
        guard try row.decode("is_live", as: Bool.self) else { return nil }
        let comparison = running.compare(with: Set(try row.decode("held", as: [UUID].self)), askedAt: sentAt)
        if comparison.stopped > 0 {
            logger.notice("\(comparison.stopped) jobs are stopped: they were cancelled or changed while they ran")
        }
        return comparison.strays
    }

    /// Gives stray jobs back, within the time of a beat.
    func release(_ strays: [UUID], of worker: UUID) async {
        for queue in queues {
            do {
                let released = try await withTimeout(Self.beatInterval / 2) {
                    try await queue.release(of: worker, leases: strays)
                }
                if released > 0 { logger.warning("\(queue.table.kind) worker: \(released) stray jobs given back") }
            } catch {
                logger.warning("\(queue.table.kind) worker: stray jobs could not be given back: \(error)")
            }
        }
    }

    /// Ends an incarnation: gives its jobs back uncounted and removes its row.
    package func end(_ worker: UUID) async throws {
        for queue in queues {
            let released = try await queue.release(of: worker)
            guard released > 0 else { continue }
            logger.notice("gave back \(released) \(queue.table.kind) jobs")
            try await queue.ring()
        }
        // Rows of the long dead go along.
        try await database.execute(
            "DELETE FROM workers WHERE id = \(worker) OR beat_at < now() - interval '1 day'")
    }

    private var queues: [JobQueue] { tables.map { JobQueue(table: $0, database: database) } }
}
