import Foundation
package import Logging
package import Postgres
import Synchronization

/// Wakes workers that sleep when new jobs come: LISTENs on a connection of its own, for all queues of a process.
///
/// The bell is a hint. A ring that is missed costs a poll interval and never a job, so everything works without: behind
/// a pooler, which may give each transaction another server process, there is none.
package final class Doorbell: Sendable {
    private struct State {
        /// The connection that listens.
        var connection: PostgresConnection?
        /// How many have listened so far.
        var ears = 0
        /// Grows with every new connection that listens; nil while none does.
        var ear: Int? { connection == nil ? nil : ears }
        var sleepers: [UUID: (channel: String, wake: AsyncStream<Void>.Continuation)] = [:]
        /// Queues with room and nothing to do, by kind.
        var armed: Set<String> = []
        /// Until when the bells are rung.
        var armedUntil: [String: ContinuousClock.Instant] = [:]
        /// Of which queues it was said that the role may not arm their bell.
        var complaints: Set<String> = []
    }

    /// For how long a bell is rung once it was armed: two beats, which keep it armed, and a moment.
    static let armedTime = WorkerLease.beatInterval * 2 + .seconds(2)

    /// The longest an attempt to connect may take, because the workers' loops wait for it: they share its thread.
    private static let connectTimeout = Duration.seconds(3)

    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let logger: Logger
    private let state = Mutex(State())
    /// Of its connections, one after the other, and of the loops that it wakes: between a ring and the claim that
    /// answers it no other thread has to be woken. Nil where the system refused one.
    let thread: ConnectionThread?

    /// - Parameter tables: whose bells are listened for.
    package init(_ configuration: PostgresConfiguration, of tables: [JobTable], logger: Logger) {
        var configuration = configuration
        configuration.connectTimeout = min(configuration.connectTimeout ?? Self.connectTimeout, Self.connectTimeout)
        self.configuration = configuration
        thread = try? .started()
        self.logger = logger
        channels = tables.map(\.channel)
    }

    deinit { thread?.stop() }

    /// Which connection listens now, nil for none. What was armed for an earlier one must be armed anew, because rings
    /// in between were missed.
    var ear: Int? { state.withLock(\.ear) }

    /// The connection that listens, nil while none does. It may be used for a claim that answers a ring, because it is
    /// known to live; it may have been cut off long ago when nothing was heard.
    var connection: PostgresConnection? { state.withLock(\.connection) }

    /// An element for each ring, and for each change of ``ear``, of which the present one is the first; several come as
    /// one.
    func rings(of table: JobTable) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.sleepers[id] = nil } }
        let isListening = state.withLock { state in
            state.sleepers[id] = (table.channel, continuation)
            return state.ear != nil
        }
        if isListening { continuation.yield() }
        return stream
    }

    /// Listens until it is cancelled, and connects again whenever the connection is lost. Returns early where a pooler
    /// stands before the database.
    package func run() async {
        var backoff = Backoff()
        while !Task.isCancelled {
            do {
                guard try await listen() else {
                    logger.notice("no doorbell: a pooler stands before the database, new jobs wait for the next poll")
                    return
                }
                backoff.reset()
                if !Task.isCancelled { logger.warning("the doorbell's connection was lost, connecting again") }
            } catch {
                if !Task.isCancelled { logger.warning("no doorbell for now, new jobs wait for the poll: \(error)") }
            }
            guard await backoff.wait() else { return }
        }
    }

    /// Listens until the connection is lost or the task cancelled.
    /// - Returns: false where it cannot listen at all.
    private func listen() async throws(PostgresError) -> Bool {
        let connection = try await PostgresConnection.connect(configuration, on: thread, logger: logger) {
            [weak self] ring in
            self?.wake(ring.channel)
        }
        guard try await connection.isDirect() else { return false }
        for channel in channels {
            try await connection.listen(to: channel)
        }
        change { state in
            state.ears += 1
            state.connection = connection
        }
        for await _ in connection.notifications {}
        change { $0.connection = nil }
        await connection.close()
        return true
    }

    private func wake(_ channel: String) {
        let sleepers = state.withLock { $0.sleepers.values.filter { $0.channel == channel } }
        for sleeper in sleepers { sleeper.wake.yield() }
    }

    private func change(_ body: (inout sending State) -> Void) {
        let sleepers = state.withLock { state in
            body(&state)
            return Array(state.sleepers.values)
        }
        for sleeper in sleepers { sleeper.wake.yield() }
    }
}

// MARK: Arming

extension Doorbell {
    /// Asks for the bell to be rung when jobs come. The caller polls once more afterwards, for what came before.
    func arm(_ queue: JobQueue) async throws(PostgresError) {
        let kind = queue.table.kind
        let isArmed = state.withLock { state in
            state.armed.insert(kind)
            return state.armedUntil[kind].map { $0 > .now + WorkerLease.beatInterval } ?? false
        }
        guard !isArmed else { return }
        let until = ContinuousClock.now + Self.armedTime
        do {
            try await queue.database.execute("SELECT \(sql: queue.table.arming)")
        } catch {
            complain(of: error, queue.table)
            throw error
        }
        keptArmed([queue.table], until: until)
    }

    private func complain(of error: PostgresError, _ table: JobTable) {
        guard error.sqlState == .insufficientPrivilege else { return }
        guard state.withLock({ $0.complaints.insert(table.kind).inserted }) else { return }
        logger.warning(
            "no doorbell, new jobs wait for the poll: GRANT UPDATE ON SEQUENCE \(table.bell) to the workers' role (\(error))"
        )
    }

    /// The bell need not be rung for this process any longer; it runs out, because another's workers may sleep by it.
    func disarm(_ table: JobTable) {
        state.withLock { _ = $0.armed.remove(table.kind) }
    }

    /// Whether the bell is to be kept armed.
    func isArmed(_ table: JobTable) -> Bool {
        state.withLock { $0.armed.contains(table.kind) && $0.armedUntil[table.kind] != nil }
    }

    func keptArmed(_ tables: [JobTable], until: ContinuousClock.Instant) {
        state.withLock { state in
            for table in tables { state.armedUntil[table.kind] = until }
        }
    }
}
