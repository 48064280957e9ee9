/// The decisions of a worker's loop, without its I/O: the loop asks for the next step, does it, and tells what came of
/// it.
///
/// Outcomes are not written one by one. They gather while the last exchange with the queue is under way, or for a
/// linger of about two milliseconds while others still run, and are written in the same statement that claims the next
/// jobs.
struct WorkerLoop: Sendable {
    /// What the loop does next.
    enum Step: Sendable, Hashable {
        /// Let the handler scan.
        case scan
        /// Write all gathered outcomes and claim up to this many jobs; zero to claim none.
        case exchange(claim: Int)
        /// Wait a moment for more outcomes.
        case linger
        /// Ask for the doorbell to be rung, or not to be.
        case arm(Bool)
        /// Start the sleep until the next poll.
        case pause
        /// Wait until something that was begun ends.
        case wait
        /// Nothing runs and nothing more will.
        case stop
    }

    private let mode: JobWorker.Mode
    private let slots: Int
    /// Jobs whose handler runs.
    private(set) var running = 0
    /// Jobs that ended and whose outcome is to be written.
    private(set) var gathered = 0

    private var mayScan = true
    private var isScanning = false
    /// The scan under way began with nothing running: what it finds and the claim after it is all there is.
    private var scanBeganIdle = false

    private var mayClaim = false
    private var isExchanging = false
    /// A failed exchange is tried again after a while.
    private var isHeld = false
    private var isLingering = false
    private var hasLingered = false

    /// Which of the doorbell's connections it was armed for.
    private var armedEar: Int?
    /// The doorbell's connection now.
    private var ear: Int?
    private var isArming = false
    /// The last claim brought less than it asked for: no job waits that is due.
    private var isQueueEmpty = false

    private var isPausing = false
    /// No more claims.
    private var isStopping = false
    private var isDraining = false

    init(mode: JobWorker.Mode, slots: Int) {
        self.mode = mode
        self.slots = slots
    }

    /// More jobs wait than were claimed, as far as the last claim could tell.
    var hasBacklog: Bool { !isQueueEmpty && running > 0 }

    /// - Parameter isShuttingDown: a shutdown was asked for, though the sleep that tells of it has not ended yet.
    mutating func next(isShuttingDown: Bool = false) -> Step {
        if isStopping, !isExchanging, !isScanning, !isArming, running == 0, gathered == 0 { return .stop }
        let mayBegin = !isStopping && !isShuttingDown
        if mayScan, !isScanning, mayBegin {
            mayScan = false
            isScanning = true
            scanBeganIdle = running == 0 && gathered == 0 && !isExchanging
            return .scan
        }
        if let step = exchange(mayClaim: mayClaim && mayBegin && running < slots) { return step }
        if mode == .forever, !isArming, let step = arm(mayBegin: mayBegin) { return step }
        if !isPausing, !isDraining {
            isPausing = true
            return .pause
        }
        return .wait
    }

    private mutating func exchange(mayClaim claims: Bool) -> Step? {
        guard !isExchanging, !isHeld, gathered > 0 || claims else { return nil }
        let isTime = gathered == 0 || running == 0 || gathered >= JobQueue.maximumBatch || hasLingered || isStopping
        guard isTime else {
            guard !isLingering else { return nil }
            isLingering = true
            return .linger
        }
        isExchanging = true
        hasLingered = false
        gathered = 0
        if claims { mayClaim = false }
        return .exchange(claim: claims ? min(slots - running, JobQueue.maximumBatch) : 0)
    }

    /// Armed while it has room and nothing to do with it; while all slots are busy nobody needs to ring.
    private mutating func arm(mayBegin: Bool) -> Step? {
        let isArmed = ear != nil && armedEar == ear
        if isArmed, running == slots {
            isArming = true
            armedEar = nil
            return .arm(false)
        }
        guard ear != nil, !isArmed, isQueueEmpty, running < slots, !isExchanging, mayBegin else { return nil }
        isArming = true
        armedEar = ear
        return .arm(true)
    }

    mutating func scanned() {
        isScanning = false
        mayClaim = true
    }

    /// A claim that brought all it asked for means that more are waiting, so the next free slot claims at once.
    /// - Parameters:
    ///   - count: claimed jobs.
    ///   - limit: what was asked for; zero where nothing was to be claimed.
    ///   - unwritten: outcomes that could not be written and are to be tried again after a hold.
    mutating func exchanged(_ count: Int, of limit: Int, unwritten: Int = 0) {
        isExchanging = false
        running += count
        gathered += unwritten
        isHeld = isHeld || unwritten > 0
        let isIdle = running == 0 && gathered == 0
        if limit > 0 {
            isQueueEmpty = count < limit
            scanBeganIdle = scanBeganIdle && count == 0
            mayClaim = mayClaim || count == limit
            isStopping = isStopping || mode == .once || (mode == .untilEmpty && isIdle && scanBeganIdle)
        }
        // What the jobs left behind, such as the job of a next step, is part of emptying the queue.
        if mode == .untilEmpty, isIdle, !isScanning { mayScan = true }
    }

    /// The exchange failed as a whole.
    /// - Parameter unwritten: outcomes it was to write.
    mutating func exchangeFailed(unwritten: Int) {
        isExchanging = false
        gathered += unwritten
        isHeld = unwritten > 0
    }

    mutating func holdEnded() {
        isHeld = false
    }

    /// - Parameter gathers: its outcome is to be written with others; false where it is written already.
    mutating func jobEnded(gathers: Bool) {
        running -= 1
        if gathers { gathered += 1 }
        if mode == .untilEmpty { mayClaim = true }
        if mode == .untilEmpty, running == 0, gathered == 0, !isScanning { mayScan = true }
    }

    mutating func lingered() {
        isLingering = false
        hasLingered = gathered > 0
    }

    /// - Parameter ear: which of the doorbell's connections listens, nil for none.
    mutating func rang(ear: Int?) {
        self.ear = ear
        mayScan = true
        hasLingered = gathered > 0
    }

    /// The poll after arming finds what came before the bell was armed.
    mutating func armed(succeeded: Bool) {
        isArming = false
        guard !succeeded else {
            mayScan = mayScan || armedEar != nil
            return
        }
        armedEar = nil
        // Not before the next claim that gets through.
        isQueueEmpty = false
    }

    /// The next job's time has come.
    mutating func dueCame() {
        mayClaim = true
    }

    /// - Returns: true once, when a shutdown begins and the drain time starts to run.
    mutating func pauseEnded(isShuttingDown: Bool) -> Bool {
        isPausing = false
        // A run that ends by itself looks again when its jobs end; a poll must not keep it from seeing the end.
        mayScan = mayScan || mode == .forever || (running > 0 && !isExchanging && !isScanning)
        guard isShuttingDown, !isDraining else { return false }
        isStopping = true
        isDraining = true
        return true
    }

    /// The task was cancelled: nothing more is begun.
    mutating func cancelled() {
        isStopping = true
        isDraining = true
    }
}
