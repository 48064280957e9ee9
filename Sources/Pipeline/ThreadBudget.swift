import Synchronization

/// Shares a worker's threads among the tracks it is working on: one each, and all of them for a track that is alone.
///
/// A track keeps what it got. One that comes while another has several makes the cores busier than they are many, until
/// that other is done; a track that came alone would otherwise leave them idle.
final class ThreadBudget: Sendable {
    /// More bring nothing: a segment has its shortest length, and each thread takes memory.
    private static let most = 64

    private let total: Int
    private let tracks = Mutex(0)

    /// - Parameter total: threads in all, at least 1.
    init(_ total: Int) {
        self.total = total
    }

    /// A track is being fetched. Jobs that are claimed together all are before the first of them is encoded.
    func enter() { tracks.withLock { $0 += 1 } }

    func leave() { tracks.withLock { $0 -= 1 } }

    /// Threads for a track that is about to be encoded.
    var share: Int { tracks.withLock { min(Self.most, max(1, total / max(1, $0))) } }
}
