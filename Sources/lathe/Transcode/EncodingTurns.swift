import Synchronization

/// Lets the files of a batch wait until it is their turn to be encoded.
final class EncodingTurns: Sendable {
    private struct State {
        var shares: ThreadShares
        var waiting: [Int: CheckedContinuation<Int?, Never>] = [:]
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - threads: in all, at least 1.
    ///   - files: that each ``wait(_:work:)`` at most once, and then ``leave(_:)``.
    init(threads: Int, files: Int) {
        state = Mutex(State(shares: ThreadShares(threads: threads, files: files)))
    }

    /// Waits until a file may be encoded; ``end(_:)`` ends its turn.
    /// - Parameters:
    ///   - file: a number of its own.
    ///   - work: its size in bytes.
    /// - Returns: by how many threads; nil where the task was cancelled.
    func wait(_ file: Int, work: Int64) async -> Int? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                change { state in
                    state.waiting[file] = continuation
                    let grants = state.shares.ask(file, work: work)
                    // Checked in here, since the handler may have run before there was anything to cancel.
                    return Task.isCancelled ? Self.cancel(file, &state) : Self.answers(to: grants, &state)
                }
            }
        } onCancel: {
            change { Self.cancel(file, &$0) }
        }
    }

    /// A file is done with, whether or not it was encoded.
    func leave(_ file: Int) {
        change { state in Self.answers(to: state.shares.leave(file), &state) }
    }

    /// How far a file is, 0…1.
    func report(_ file: Int, _ fraction: Double) {
        state.withLock { $0.shares.report(file, fraction) }
    }

    /// A file's turn is over.
    func end(_ file: Int) {
        change { state in Self.answers(to: state.shares.end(file), &state) }
    }

    private typealias Answer = (continuation: CheckedContinuation<Int?, Never>, threads: Int?)

    private static func answers(to grants: [ThreadShares.Grant], _ state: inout State) -> [Answer] {
        grants.compactMap { grant in
            state.waiting.removeValue(forKey: grant.file).map { ($0, grant.threads) }
        }
    }

    private static func cancel(_ file: Int, _ state: inout State) -> [Answer] {
        guard let continuation = state.waiting.removeValue(forKey: file) else { return [] }
        return [(continuation, nil)] + answers(to: state.shares.end(file), &state)
    }

    private func change(_ body: (inout State) -> [Answer]) {
        let answers = state.withLock { state in body(&state) }
        for answer in answers { answer.continuation.resume(returning: answer.threads) }
    }
}
