import Dispatch
import MediaContract
import Synchronization

/// Feeds an analyzer with the frames of a decoder that others wait for.
///
/// On a thread of its own it keeps them waiting only while more than `backlogLimit` bytes are left to measure.
final class AnalysisLane: Sendable {
    /// `@unchecked Sendable`: the analyzer is the only owner of its handles, none of which is bound to a thread, and is
    /// used through a lock.
    private struct State: ~Copyable, @unchecked Sendable {
        /// Nil once it has finished.
        var analyzer: AudioAnalyzer?
        var failure: MediaFailure?
    }

    /// `@unchecked Sendable`: whoever makes it does not use the frame any more, and one other does.
    private final class SharedFrame: @unchecked Sendable {
        let frame: Frame

        init(_ frame: borrowing Frame) throws(MediaFailure) {
            self.frame = try Frame(sharing: frame)
        }
    }

    /// Bytes of decoded samples.
    private static let backlogLimit = 8 << 20

    private let state: Mutex<State>
    private let backlog = Mutex(0)
    /// Nil where frames are measured at once.
    private let queue: DispatchQueue?

    init(_ analyzer: consuming AudioAnalyzer, onThreadOfItsOwn: Bool) {
        state = Mutex(State(analyzer: analyzer))
        queue = onThreadOfItsOwn ? DispatchQueue(label: "analysis") : nil
    }

    /// Takes the next frame; the caller may decode into it again at once.
    ///
    /// - Throws: `library` when memory runs out.
    func add(_ frame: borrowing Frame) throws(MediaFailure) {
        guard let queue else { return try measure(frame) }
        let shared = try SharedFrame(frame)
        let size = frame.byteCount
        let left = backlog.withLock { backlog in
            backlog += size
            return backlog
        }
        queue.async {
            // The failure is kept, and thrown at the end.
            try? self.measure(shared.frame)
            self.backlog.withLock { $0 -= size }
        }
        if left > Self.backlogLimit { queue.sync {} }
    }

    /// What was found out. It is called once, after the last frame.
    ///
    /// - Throws: `library` when memory ran out.
    func finish() throws(MediaFailure) -> AudioAnalysis? {
        queue?.sync {}
        return try state.withLock { state throws(MediaFailure) in
            if let failure = state.failure { throw failure }
            return try state.analyzer.take()?.finish()
        }
    }

    private func measure(_ frame: borrowing Frame) throws(MediaFailure) {
        try state.withLock { state throws(MediaFailure) in
            do throws(MediaFailure) {
                try state.analyzer?.add(frame)
            } catch {
                state.failure = error
                throw error
            }
        }
    }
}
