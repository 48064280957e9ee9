package import Postgres

extension PostgresError {
    /// The same statement may succeed in a moment: the server is away, the pool is busy, a lock was not had in time.
    var isTransient: Bool {
        // 25006: the server was demoted to a read-only standby.
        let passing: [SQLState] = [.lockNotAvailable, .queryCanceled, SQLState(rawValue: "25006")]
        return isConnectionFailure || isSerializationFailure || kind == .timedOut
            || passing.contains { $0 == sqlState }
    }

    /// Waiting does not help: a wrong password, an unknown database, a malformed connection string.
    package var isForTheOperator: Bool {
        kind == .invalidConfiguration
            || [.invalidAuthorization, .invalidPassword, .unknownDatabase].contains { $0 == sqlState }
    }
}
