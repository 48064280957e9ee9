/// The decisions of a worker's loop, without its I/O: the loop asks for the next step, does it, and tells what came of
/// it.
struct WorkerLoop: Sendable {
    /// What the loop does next.
    enum Step: Sendable, Hashable {
        /// Claim up to this many jobs, after a scan where a poll is due.
        case claim(limit: Int, scans: Bool)
        /// Start the sleep until the next poll.
        case pause
        /// Wait until a claim, a job or the sleep ends.
        case wait
        /// Nothing runs and nothing more will.
        case stop
    }

    private let mode: JobWorker.Mode
    private let slots: Int
    private(set) var running = 0
    private var mayClaim = true
    /// The next claim is a poll's, not one for a slot that became free.
    private var mayScan = true
    private var isClaiming = false
    /// A job ended under the claim, which may have left one that the claim did not see.
    private var hasEndedUnderClaim = false
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
        if isStopping, !isClaiming, running == 0 { return .stop }
        if mayClaim, !isClaiming, !isStopping, !isShuttingDown, running < slots {
            defer { mayScan = false }
            mayClaim = false
            isClaiming = true
            return .claim(limit: slots - running, scans: mayScan)
        }
        if !isPausing, !isDraining {
            isPausing = true
            return .pause
        }
        return .wait
    }

    /// A claim that brought all it asked for means that more are waiting, so the next free slot claims at once.
    mutating func claimed(_ count: Int, of limit: Int) {
        isClaiming = false
        running += count
        mayClaim = mayClaim || count == limit
        isStopping = isStopping || mode == .once || (mode == .untilEmpty && running == 0 && !hasEndedUnderClaim)
        hasEndedUnderClaim = false
    }

    mutating func jobEnded() {
        running -= 1
        hasEndedUnderClaim = isClaiming
        // What this job left behind, such as the job of a next step, is part of emptying the queue.
        mayClaim = mayClaim || mode == .untilEmpty
        mayScan = mayScan || mode == .untilEmpty
    }

    /// - Returns: true once, when a shutdown begins and the drain time starts to run.
    mutating func pauseEnded(isShuttingDown: Bool) -> Bool {
        isPausing = false
        mayClaim = true
        mayScan = true
        guard isShuttingDown, !isDraining else { return false }
        isStopping = true
        isDraining = true
        return true
    }
}
