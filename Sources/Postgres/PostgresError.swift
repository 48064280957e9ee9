/// Why a statement, a connection or a decoding failed.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    package enum Kind: Sendable, Hashable {
        /// The connection string or its parameters make no sense.
        case invalidConfiguration
        /// No connection could be made. `sqlState` says why when the server answered: 28P01, 3D000, 57P03, 53300.
        case connectionFailed
        /// The connection broke. Whether a statement under way was executed is unknown.
        case connectionLost
        /// The server refused or aborted the statement.
        case server(SQLState)
        /// A value in a result is not of the type asked for.
        case decoding
        /// A value cannot be sent.
        case encoding
        /// The connection or the pool was closed by its owner.
        case closed
        /// No pooled connection came free in time.
        case timedOut
        /// The task was cancelled; the statement was stopped on the server.
        case cancelled
    }

    package var kind: Kind
    /// One line, never a secret.
    package var message: String
    /// The server's DETAIL. May quote values of a row: for debugging, not for operators' logs.
    package var detail: String?
    /// The server's HINT.
    package var hint: String?
    /// The constraint a statement violated.
    package var constraint: String?
    /// The server's code, also where it refused the connection itself.
    package var sqlState: SQLState?
    /// Nothing was sent when this happened, so doing it again cannot do it twice.
    var isBeforeSending = false

    package init(
        _ kind: Kind, _ message: String, detail: String? = nil, hint: String? = nil, constraint: String? = nil,
        sqlState: SQLState? = nil
    ) {
        self.kind = kind
        self.message = message.onOneLine
        self.detail = detail
        self.hint = hint
        self.constraint = constraint
        if case .server(let state) = kind { self.sqlState = state } else { self.sqlState = sqlState }
    }

    /// The database cannot be reached now, or stopped being reachable: wait and try again. A wrong password or an
    /// unknown database is not one, because waiting does not mend it.
    package var isConnectionFailure: Bool {
        switch kind {
        case .connectionLost: true
        case .connectionFailed: sqlState?.isConnectionFailure ?? true
        case .server(let state): state.isConnectionFailure
        case .invalidConfiguration, .decoding, .encoding, .closed, .timedOut, .cancelled: false
        }
    }

    /// The transaction lost against another one (40001, 40P01): run it again from its beginning.
    package var isSerializationFailure: Bool {
        sqlState == .serializationFailure || sqlState == .deadlockDetected
    }

    package var description: String {
        var text = message
        if let sqlState { text += " (SQLSTATE \(sqlState.rawValue))" }
        if let hint { text += "; hint: \(hint.onOneLine)" }
        return text
    }
}

extension PostgresError {
    static func closed(_ what: String) -> PostgresError { PostgresError(.closed, "\(what) is closed") }
    static let cancelled = PostgresError(.cancelled, "the statement was cancelled")
}

extension String {
    /// libpq breaks and indents its messages; ours stand on one line.
    var onOneLine: String {
        split(whereSeparator: \.isNewline)
            .map { $0.drop(while: \.isWhitespace) }
            .joined(separator: " ")
    }
}
