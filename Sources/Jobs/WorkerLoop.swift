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
        /// Write this many of the gathered outcomes, the oldest first, and claim up to this many jobs.
        case exchange(write: Int, claim: Int)
        /// Wait a moment for more outcomes.
        case linger
        /// Wait before outcomes that could not be written are tried again, longer with every attempt.
        case hold(attempt: Int)
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
    private let batch: Int
    private let scans: Bool
    /// Jobs whose handler runs.
    private(set) var running = 0
    /// Jobs that ended and whose outcome is to be written.
    private(set) var gathered = 0

    private var mayScan = true
    private var isScanning = false
    /// The scan under way began with nothing running: what it finds and the claim after it is all there is.
    private var scanBeganIdle = false

    private var mayClaim = false
    /// Exchanges under way: one, or a second behind it while full batches wait to be written.
    private var exchanges = 0
    /// Jobs that the exchanges under way may bring.
    private var claiming = 0
    /// What could not be written waits for a while, or for the next claim.
    private var isHeld = false
    private var isHolding = false
    /// Exchanges in a row that left outcomes unwritten.
    private var failures = 0
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

    /// - Parameter batch: jobs of one exchange at most, either way.
    /// - Parameter scans: a wake-up begins with a scan, as a poll always does.
    init(mode: JobWorker.Mode, slots: Int, batch: Int = JobQueue.maximumBatch, scans: Bool = true) {
        self.mode = mode
        self.slots = slots
        self.batch = batch
        self.scans = scans
    }

    /// More jobs wait than were claimed, as far as the last claim could tell.
    var hasBacklog: Bool { !isQueueEmpty && running > 0 }

    /// - Parameter isShuttingDown: a shutdown was asked for, though the sleep that tells of it has not ended yet.
    mutating func next(isShuttingDown: Bool = false) -> Step {
        if isStopping, exchanges == 0, !isScanning, !isArming, running == 0, gathered == 0 { return .stop }
        let mayBegin = !isStopping && !isShuttingDown
        if mayScan, !isScanning, mayBegin {
            mayScan = false
            isScanning = true
            scanBeganIdle = isIdle
            return .scan
        }
        if isHeld, !isHolding {
            isHolding = true
            return .hold(attempt: failures)
        }
        if let step = exchange(mayBegin: mayBegin) { return step }
        if mode == .forever, !isArming, let step = arm(mayBegin: mayBegin) { return step }
        if !isPausing, !isDraining {
            isPausing = true
            return .pause
        }
        return .wait
    }

    /// A second exchange is sent behind one under way only for a full batch of outcomes: the server then goes on while
    /// the first one's answer is read. It claims if the last claim came back full.
    private mutating func exchange(mayBegin: Bool) -> Step? {
        let isBehind = exchanges == 1 && gathered >= batch && !isHeld
        let free = JobQueue.roundedLimit(min(slots - running - claiming, batch), of: batch)
        // The claim that ends a run must have seen what the scan found.
        let isTooEarly = mode == .untilEmpty && isScanning && scanBeganIdle
        let claims = mayBegin && !isTooEarly && free > 0 && (mayClaim || isBehind && claiming > 0 && !isQueueEmpty)
        guard isBehind || exchanges == 0 && (claims || gathered > 0 && !isHeld) else { return nil }
        let isTime = gathered == 0 || running == 0 || gathered >= batch || hasLingered || isStopping
        guard isTime else {
            guard !isLingering else { return nil }
            isLingering = true
            return .linger
        }
        exchanges += 1
        hasLingered = false
        let writes = min(gathered, batch)
        gathered -= writes
        guard claims else { return .exchange(write: writes, claim: 0) }
        mayClaim = false
        claiming += free
        return .exchange(write: writes, claim: free)
    }

    /// Armed while it has room and nothing to do with it; while all slots are busy nobody needs to ring.
    private mutating func arm(mayBegin: Bool) -> Step? {
        let isArmed = ear != nil && armedEar == ear
        if isArmed, running == slots {
            isArming = true
            armedEar = nil
            return .arm(false)
        }
        guard ear != nil, !isArmed, isQueueEmpty, running < slots, exchanges == 0, mayBegin else { return nil }
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
        exchanges -= 1
        claiming -= limit
        running += count
        gathered += unwritten
        hold(unwritten)
        if limit > 0 {
            isQueueEmpty = count < limit
            scanBeganIdle = scanBeganIdle && count == 0
            mayClaim = mayClaim || count == limit
            isStopping = isStopping || mode == .once || (mode == .untilEmpty && isIdle && scanBeganIdle)
        }
        lookAgainIfIdle()
    }

    /// The exchange failed as a whole.
    /// - Parameters:
    ///   - limit: what was asked for.
    ///   - unwritten: outcomes it was to write.
    mutating func exchangeFailed(of limit: Int, unwritten: Int) {
        exchanges -= 1
        claiming -= limit
        gathered += unwritten
        hold(unwritten)
        lookAgainIfIdle()
    }

    private mutating func hold(_ unwritten: Int) {
        isHeld = unwritten > 0
        failures = unwritten > 0 ? failures + 1 : 0
    }

    /// What the jobs left behind, such as the job of a next step, is part of emptying the queue.
    private mutating func lookAgainIfIdle() {
        if mode == .untilEmpty, isIdle, !isScanning, !isStopping { mayScan = true }
    }

    private var isIdle: Bool { running == 0 && gathered == 0 && exchanges == 0 }

    mutating func holdEnded() {
        isHolding = false
        isHeld = false
    }

    /// - Parameter gathers: its outcome is to be written with others; false where it is written already.
    mutating func jobEnded(gathers: Bool) {
        running -= 1
        if gathers { gathered += 1 }
        if mode == .untilEmpty { mayClaim = true }
        lookAgainIfIdle()
    }

    mutating func lingered() {
        isLingering = false
        hasLingered = gathered > 0
    }

    /// - Parameter ear: which of the doorbell's connections listens, nil for none.
    mutating func rang(ear: Int?) {
        self.ear = ear
        look()
        hasLingered = gathered > 0
    }

    /// The poll after arming finds what came before the bell was armed.
    mutating func armed(succeeded: Bool) {
        isArming = false
        guard !succeeded else {
            if armedEar != nil { look() }
            return
        }
        armedEar = nil
        // Not before the next claim that gets through.
        isQueueEmpty = false
    }

    private mutating func look() {
        if scans { mayScan = true } else { mayClaim = true }
    }

    /// The next job's time has come.
    mutating func dueCame() {
        mayClaim = true
    }

    /// - Returns: true once, when a shutdown begins and the drain time starts to run.
    mutating func pauseEnded(isShuttingDown: Bool) -> Bool {
        isPausing = false
        // A run that ends by itself looks again when its jobs end; a poll must not keep it from seeing the end.
        mayScan = mayScan || mode == .forever || (running > 0 && exchanges == 0 && !isScanning)
        guard isShuttingDown, !isDraining else { return false }
        isStopping = true
        isDraining = true
        return true
    }

    /// Nothing more is claimed; what runs ends and is written.
    mutating func stopClaiming() {
        isStopping = true
    }

    /// The task was cancelled: nothing more is begun.
    mutating func cancelled() {
        isStopping = true
        isDraining = true
    }
}
