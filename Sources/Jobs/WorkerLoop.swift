/// The decisions of a worker's loop, without its I/O: the loop asks for the next step, does it, and tells what came of
/// it.
struct WorkerLoop: Sendable {
    /// What the loop does next.
    enum Step: Sendable, Hashable {
        /// Scan and claim up to this many jobs.
        case claim(limit: Int)
        /// Start the sleep until the next poll.
        case pause
        /// Wait until a job or the sleep ends.
        case wait
        /// Nothing runs and nothing more will.
        case stop
    }

    private let mode: JobWorker.Mode
    private let slots: Int
    private(set) var running = 0
    private var mayClaim = true
    private var isPausing = false
    /// No more claims.
    private var isStopping = false
    private var isDraining = false

    init(mode: JobWorker.Mode, slots: Int) {
        self.mode = mode
        self.slots = slots
    }

    /// - Parameter isShuttingDown: a shutdown was asked for, though the sleep that tells of it has not ended yet.
    mutating func next(isShuttingDown: Bool = false) -> Step {
        if isStopping, running == 0 { return .stop }
        if mayClaim, !isStopping, !isShuttingDown, running < slots {
            mayClaim = false
            return .claim(limit: slots - running)
        }
        if !isPausing, !isDraining {
            isPausing = true
            return .pause
        }
        return .wait
    }

    /// A claim that brought all it asked for means that more are waiting, so the next free slot claims at once.
    mutating func claimed(_ count: Int, of limit: Int) {
        running += count
        mayClaim = count == limit
        isStopping = isStopping || mode == .once || (mode == .untilEmpty && running == 0)
    }

    mutating func jobEnded() {
        running -= 1
        // What this job left behind, such as the job of a next step, is part of emptying the queue.
        mayClaim = mayClaim || mode == .untilEmpty
    }

    /// - Returns: true once, when a shutdown begins and the drain time starts to run.
    mutating func pauseEnded(isShuttingDown: Bool) -> Bool {
        isPausing = false
        mayClaim = true
        guard isShuttingDown, !isDraining else { return false }
        isStopping = true
        isDraining = true
        return true
    }
}
