import Foundation
import UnixSignals

/// Runs `body` so that SIGINT and SIGTERM cancel it instead of ending the process, and waits until it has tidied up.
/// - Throws: what `body` throws; `CommandError` "stopped" where a signal came first.
func stoppable<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return try await withThrowingTaskGroup(of: R?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            for await _ in signals { break }
            return nil
        }
        defer { group.cancelAll() }
        if let first = try await group.next(), let result = first { return result }
        group.cancelAll()
        _ = await group.nextResult()
        throw CommandError(.workFailed, "stopped")
    }
}
