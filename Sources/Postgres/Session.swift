import CPostgres
import Logging

/// One conversation with the server, in plain synchronous calls that wait on the connection's thread.
final class Session {
    var handle: ConnectionHandle
    let thread: ConnectionThread
    let logger: Logger
    let status: ConnectionStatus
    /// Where notifications go; finished with the session.
    private let notifications: AsyncStream<PostgresNotification>.Continuation
    private let onNotification: (@Sendable (PostgresNotification) -> Void)?
    private let notices: NoticeLog
    /// Names of the statements that the server keeps for this connection, by their text.
    var prepared: [String: String] = [:]
    var preparedCount = 0
    /// Nil until it was asked for.
    var knownToBeDirect: Bool?
    /// Which server this is, for errors that libpq words without it.
    private var server = "the database server"

    /// Connects and signs in.
    /// - Throws: ``PostgresError`` of kind `connectionFailed`, `invalidConfiguration` or `cancelled`.
    init(
        _ configuration: PostgresConfiguration, thread: ConnectionThread, status: ConnectionStatus, logger: Logger,
        cancellation: Cancellation, notifications: AsyncStream<PostgresNotification>.Continuation,
        onNotification: (@Sendable (PostgresNotification) -> Void)?
    ) throws(PostgresError) {
        try configuration.validate()
        handle = ConnectionHandle(connectingWith: configuration.keywords)
        self.thread = thread
        self.status = status
        self.logger = logger
        self.notifications = notifications
        self.onNotification = onNotification
        notices = NoticeLog(logger: logger)
        try connect(within: configuration.connectTimeout, cancellation)
        server = "the database server at \"\(handle.host)\", port \(handle.port)"
        handle.setNoticeReceiver(notices)
        status.update(isAlive: true, isInTransaction: false)
        try ensureDecodableFormats()
    }

    /// Says goodbye. Harmless when done twice.
    func close() {
        thread.whenIdle(nil, nil)
        handle.finish()
        status.update(isAlive: false, isInTransaction: false)
        // Last: whoever sees the stream end must find the connection dead.
        notifications.finish()
    }

    /// Reads what came without being asked for: notifications, notices, the end of the connection.
    /// - Throws: ``PostgresError`` of kind `connectionLost`; nothing was sent.
    func drain() throws(PostgresError) {
        guard status.isAlive, handle.consumeInput() else {
            var error = lose(status.isAlive ? handle.errorMessage : "the connection to the server was lost")
            error.isBeforeSending = true
            throw error
        }
        deliverNotifications()
    }

    /// Gives up on the connection, for which `reason` is libpq's word.
    func lose(_ reason: String) -> PostgresError {
        close()
        return namingServer(in: PostgresError(.connectionLost, reason))
    }

    /// A failure of the connection, be it the server's own word, says which server it was.
    func namingServer(in error: PostgresError) -> PostgresError {
        guard error.isConnectionFailure else { return error }
        var error = error
        error.message = "\(server): \(error.message)"
        return error
    }

    func deliverNotifications() {
        while let notification = handle.nextNotification() {
            if let onNotification { onNotification(notification) } else { notifications.yield(notification) }
        }
    }

    /// Decoding relies on one way to write dates and intervals; a role or a server may be set to another. Asked only
    /// where the server says so, because a pooler in front of it may not keep what SET changes.
    private func ensureDecodableFormats() throws(PostgresError) {
        if let style = handle.parameterStatus("DateStyle"), !style.hasPrefix("ISO") {
            _ = try run("SET DateStyle TO ISO", nil)
        }
        if let style = handle.parameterStatus("IntervalStyle"), style != "postgres" {
            _ = try run("SET IntervalStyle TO postgres", nil)
        }
    }
}
