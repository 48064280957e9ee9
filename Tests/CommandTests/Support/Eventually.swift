import Testing

/// What was waited for did not happen.
struct DidNotHappen: Error, CustomStringConvertible {
    let description: String
}

/// Waits until something outside this process is as expected.
/// - Throws: `DidNotHappen` after `limit`.
func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ isSo: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !isSo() {
        guard ContinuousClock.now < deadline else { throw DidNotHappen(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
