import Postgres

/// Runs `body` and cancels it after `limit`.
/// - Throws: what `body` throws; ``PostgresError`` of kind `timedOut` where it took too long.
package func withTimeout<R: Sendable>(_ limit: Duration, _ body: @escaping @Sendable () async throws -> R) async throws
    -> R
{
    try await withThrowingTaskGroup(of: R?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let value = first else {
            throw PostgresError(.timedOut, "no answer from the database within \(limit)")
        }
        return value
    }
}
