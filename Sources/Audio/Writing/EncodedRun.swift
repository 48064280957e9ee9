import Synchronization

/// What one encoder makes of the track, from its first frame to where another's frames take over. Its own thread adds
/// frames, a neighbour compares them, and the writer takes them away.
final class EncodedRun: Sendable {
    /// Where the frames of another run take over, which were found to be the same.
    struct Seam: Sendable {
        let run: EncodedRun
        /// The first frame taken from `run`.
        let frame: Int
        /// The alternating filler of `run` is the inverse of this run's.
        let invertsFiller: Bool
    }

    enum End: Sendable {
        case seam(Seam)
        /// The track's.
        case track
    }

    private struct State {
        var log: FrameLog
        var end: End?
        /// The newest frame behind which the filler was inverted.
        var inverted: Int?
    }

    /// Counted from the start of the track.
    let firstFrame: Int
    private let state: Mutex<State>

    init(firstFrame: Int, channels: Int, filler: FillerBits) {
        self.firstFrame = firstFrame
        state = Mutex(State(log: FrameLog(first: firstFrame, channels: channels, filler: filler)))
    }

    /// Calls `body` with the frames. Two runs are only locked at once in the order of their first frames.
    func withLog<Result>(_ body: (inout FrameLog) -> Result) -> Result {
        state.withLock { body(&$0.log) }
    }

    func finish(at end: End) {
        state.withLock {
            if case .track = end { $0.log.finish() }
            $0.end = end
        }
    }

    /// Frames that are taken at a time: those of a whole segment would be in memory twice.
    private static let batchSize = 512

    /// Takes frames that can be written, from `frame` on: some, so that there may be more as long as any come.
    ///
    /// - Returns: the frames, the number of the one after them, and what comes there if the run ends there.
    func drain(from frame: Int, invertingFiller inverts: Bool) -> (frames: [[UInt8]], next: Int, end: End?) {
        state.withLock { state in
            let last =
                switch state.end {
                // Frames behind the seam may have been written before it was found; they are the same in both.
                case .seam(let seam): max(frame, seam.frame)
                case .track: state.log.end
                // Behind a frame's own main data its area holds that of the next, and filler up to that of the one
                // after.
                case nil: max(frame, state.log.end - 2)
                }
            let next = min(last, frame + Self.batchSize)
            if inverts {
                let start = state.inverted.map { $0 + 1 } ?? frame - 1
                for index in start..<max(start, next + 1) { state.log.invertFiller(behind: index) }
                state.inverted = next
            }
            let frames = (frame..<next).map { state.log.bytes(of: $0) }
            state.log.forget(before: next)
            return (frames, next, next == last ? state.end : nil)
        }
    }
}
