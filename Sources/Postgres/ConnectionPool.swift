import Logging
import Synchronization

/// Hands out connections, first come first served, and opens them when they are needed.
final class ConnectionPool: Sendable {
    /// What a waiter is resumed with.
    private enum Grant: Sendable {
        case connection(PostgresConnection)
        case permit
        case failure(PostgresError)
    }

    private typealias State = PoolState<PostgresConnection, CheckedContinuation<Grant, Never>>

    private let configuration: PostgresConfiguration
    private let waitLimit: Duration
    private let logger: Logger
    private let state: Mutex<State>

    init(_ configuration: PostgresConfiguration, maximumConnections: Int, waitLimit: Duration, logger: Logger) {
        self.configuration = configuration
        self.waitLimit = waitLimit
        self.logger = logger
        state = Mutex(State(maximum: maximumConnections))
    }

    /// Callers that wait for a connection now.
    var waiting: Int { state.withLock { $0.waiting } }

    /// Runs `body` with a connection of its own.
    ///
    /// Where a connection turns out to be dead before anything was sent on it, another is tried: connections die in
    /// the pool whenever the server restarts. A connection opened just now gets no second chance.
    func withConnection<R>(
        _ body: (PostgresConnection) async throws(PostgresError) -> R
    ) async throws(PostgresError) -> R {
        while true {
            let (connection, isFresh) = try await acquire()
            do {
                let value = try await body(connection)
                giveBack(connection)
                return value
            } catch {
                giveBack(connection)
                guard error.isBeforeSending, !isFresh else { throw error }
                logger.debug("a pooled connection had died, trying another: \(error)")
            }
        }
    }

    /// Closes idle connections, refuses waiters and newcomers; connections in use are closed when they come back.
    func close() async {
        let (idle, waiters) = state.withLock { $0.close() }
        for waiter in waiters { waiter.resume(returning: .failure(.closed("the connection pool"))) }
        for connection in idle { await connection.close() }
    }

    private func acquire() async throws(PostgresError) -> (PostgresConnection, isFresh: Bool) {
        switch await grant() {
        case .failure(let error):
            throw error
        case .connection(let connection) where connection.isAlive:
            return (connection, false)
        case .connection:
            logger.debug("a pooled connection was lost, reconnecting", metadata: ["server": "\(configuration)"])
            return (try await connect(), true)
        case .permit:
            return (try await connect(), true)
        }
    }

    /// Opens a connection on a permit, which goes to the next waiter where that fails.
    private func connect() async throws(PostgresError) -> PostgresConnection {
        do {
            return try await PostgresConnection.connect(configuration, logger: logger)
        } catch {
            resume(state.withLock { $0.giveBackPermit() })
            throw error
        }
    }

    private func giveBack(_ connection: PostgresConnection) {
        resume(
            state.withLock { state in
                // A connection that is let go closes itself.
                connection.isReusable ? state.giveBack(connection) : state.giveBackPermit()
            })
    }

    private func resume(_ next: (CheckedContinuation<Grant, Never>, State.Lease)?) {
        guard let (waiter, lease) = next else { return }
        waiter.resume(returning: Self.grant(lease))
    }

    private static func grant(_ lease: State.Lease) -> Grant {
        switch lease {
        case .connection(let connection): .connection(connection)
        case .permit: .permit
        }
    }

    private func grant() async -> Grant {
        if Task.isCancelled { return .failure(.cancelled) }
        switch state.withLock({ $0.acquire() }) {
        case .lease(let lease): return Self.grant(lease)
        case .closed: return .failure(.closed("the connection pool"))
        case .wait: return await waitForGrant()
        }
    }

    private func waitForGrant() async -> Grant {
        let id = state.withLock { $0.nextID() }
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { [waitLimit] in
                guard (try? await Task.sleep(for: waitLimit)) != nil else { return }
                self.refuse(
                    id,
                    PostgresError(
                        .timedOut, "no database connection came free within \(waitLimit); raise the pool's size"))
            }
            let grant = await withTaskCancellationHandler {
                await withCheckedContinuation { self.wait(id, $0) }
            } onCancel: {
                refuse(id, .cancelled)
            }
            group.cancelAll()
            return grant
        }
    }

    private func wait(_ id: Int, _ continuation: CheckedContinuation<Grant, Never>) {
        // Between the first look and now a connection may have come free.
        let answer = state.withLock { state in
            let answer = state.acquire()
            if case .wait = answer { state.enqueue(continuation, id: id) }
            return answer
        }
        switch answer {
        case .lease(let lease): continuation.resume(returning: Self.grant(lease))
        case .closed: continuation.resume(returning: .failure(.closed("the connection pool")))
        // Cancelled before it stood in the queue, where the handler looked for it in vain.
        case .wait: if Task.isCancelled { refuse(id, .cancelled) }
        }
    }

    private func refuse(_ id: Int, _ error: PostgresError) {
        state.withLock { $0.removeWaiter(id: id) }?.resume(returning: .failure(error))
    }
}
