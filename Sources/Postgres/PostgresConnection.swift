package import Logging

/// One connection, on a thread of its own.
///
/// Every call into libpq happens on that thread, never on Swift's cooperative pool. Cancelling the task of a call
/// stops its statement on the server. Dropping the last reference closes the connection.
package actor PostgresConnection {
    private let thread: ConnectionThread
    /// The thread ends with the connection.
    private let ownsThread: Bool
    private let status = ConnectionStatus()
    private let logger: Logger
    private var session: Session?
    private let onNotification: (@Sendable (PostgresNotification) -> Void)?
    private let notificationSource: AsyncStream<PostgresNotification>.Continuation

    /// What arrives for the channels of ``listen(to:)``; for one reader. Ends when the connection is lost or closed.
    /// Keeps the newest 1,024 when nobody reads.
    package nonisolated let notifications: AsyncStream<PostgresNotification>

    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    /// Connects and signs in, within the configuration's `connectTimeout`.
    /// - Parameters:
    ///   - thread: one that no other connection uses now; nil for one of its own.
    ///   - onNotification: called on the connection's thread with each notification that arrives, which
    ///     ``notifications`` then has not; for who cannot wait for a task to be woken.
    /// - Throws: ``PostgresError`` of kind `connectionFailed`, `invalidConfiguration` or `cancelled`.
    package static func connect(
        _ configuration: PostgresConfiguration, on thread: ConnectionThread? = nil, logger: Logger,
        onNotification: (@Sendable (PostgresNotification) -> Void)? = nil
    ) async throws(PostgresError) -> PostgresConnection {
        let ownsThread = thread == nil
        let thread = if let thread { thread } else { try ConnectionThread.started() }
        let connection = PostgresConnection(
            on: thread, ownsThread: ownsThread, logger: logger, onNotification: onNotification)
        try await connection.open(configuration)
        return connection
    }

    private init(
        on thread: ConnectionThread, ownsThread: Bool, logger: Logger,
        onNotification: (@Sendable (PostgresNotification) -> Void)?
    ) {
        self.thread = thread
        self.ownsThread = ownsThread
        self.logger = logger
        self.onNotification = onNotification
        (notifications, notificationSource) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1024))
    }

    isolated deinit {
        session?.close()
        if ownsThread { thread.stop() }
    }

    /// False from the moment the connection is known to be lost or closed. An idle connection notices by itself.
    package nonisolated var isAlive: Bool { status.isAlive }

    /// Alive and outside any transaction.
    nonisolated var isReusable: Bool { status.isAlive && !status.isInTransaction }

    /// Runs one statement and returns its rows.
    /// - Throws: ``PostgresError``.
    package func query(_ sql: SQL) async throws(PostgresError) -> PostgresRows {
        try await stoppable { session, cancellation throws(PostgresError) in try session.run(sql, cancellation) }
    }

    /// Runs one statement and returns how many rows it touched.
    @discardableResult
    package func execute(_ sql: SQL) async throws(PostgresError) -> Int { try await query(sql).affected }

    /// Runs several statements that have no binds; as one transaction, unless the script says BEGIN and COMMIT itself.
    package func runScript(_ script: String) async throws(PostgresError) {
        try await stoppable { session, cancellation throws(PostgresError) in
            try session.run(script: script, cancellation)
        }
    }

    /// Runs `body` between BEGIN and COMMIT, on this connection's thread; rolls back when it throws.
    @discardableResult
    package func transaction<R: Sendable>(
        _ body: @Sendable (borrowing Transaction) throws -> R
    ) async throws -> R {
        let outcome = try await stoppable { session, cancellation throws(PostgresError) in
            Result { try session.transaction(cancellation, body) }
        }
        return try outcome.get()
    }

    /// Has the server send what is notified to `channel` from now on into ``notifications``.
    package func listen(to channel: String) async throws(PostgresError) {
        try await execute("LISTEN \(identifier: channel)")
    }

    /// No pooler stands between this connection and its server process, so that what belongs to a session works:
    /// LISTEN, advisory locks, prepared statements.
    package func isDirect() async throws(PostgresError) -> Bool {
        try await stoppable { session, cancellation throws(PostgresError) in try session.isDirect(cancellation) }
    }

    /// Says goodbye to the server. Harmless when done twice.
    package func close() {
        session?.close()
        session = nil
    }

    /// Undoes what a borrower may have left behind: an open transaction, settings, LISTEN, advisory locks.
    /// Not stopped by cancellation, because the borrower's task may be the cancelled one.
    func reset() {
        guard let session, status.isAlive else { return }
        do {
            if status.isInTransaction { _ = try session.run("ROLLBACK", nil) }
            _ = try session.run("DISCARD ALL", nil)
            session.prepared = [:]
        } catch {
            logger.debug("a connection could not be reset and was dropped: \(error)")
            session.close()
        }
    }

    private func open(_ configuration: PostgresConfiguration) async throws(PostgresError) {
        let cancellation = Cancellation(waking: thread)
        let outcome = await withTaskCancellationHandler {
            makeSession(configuration, cancellation)
        } onCancel: {
            cancellation.request()
        }
        try outcome.get()
    }

    private func makeSession(
        _ configuration: PostgresConfiguration, _ cancellation: Cancellation
    ) -> Result<Void, PostgresError> {
        Result { () throws(PostgresError) in
            let session = try Session(
                configuration, thread: thread, status: status, logger: logger, cancellation: cancellation,
                notifications: notificationSource, onNotification: onNotification)
            self.session = session
            thread.whenIdle(session.handle.socket) { [weak self] in
                self?.assumeIsolated { $0.receiveWhileIdle() }
            }
        }
    }

    private func receiveWhileIdle() {
        guard let session else { return }
        do {
            try session.drain()
        } catch {
            logger.debug("an idle connection was lost: \(error)")
        }
    }

    /// Runs `body` here, on the connection's thread, with the task's cancellation carried to it.
    private func stoppable<R>(
        _ body: (Session, Cancellation) throws(PostgresError) -> R
    ) async throws(PostgresError) -> R {
        let cancellation = Cancellation(waking: thread)
        let outcome = await withTaskCancellationHandler {
            // The call of an isolated method ties the closure to this actor. Without one the compiler takes it for
            // nonisolated and runs it on the cooperative pool.
            result(of: body, cancellation)
        } onCancel: {
            cancellation.request()
        }
        return try outcome.get()
    }

    private func result<R>(
        of body: (Session, Cancellation) throws(PostgresError) -> R, _ cancellation: Cancellation
    ) -> Result<R, PostgresError> {
        guard let session else { return .failure(.closed("the connection")) }
        return Result { () throws(PostgresError) in try body(session, cancellation) }
    }
}
