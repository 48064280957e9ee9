import TestSupport

@testable import Jobs

/// A worker's loop, what it began that has not ended, and the queue as far as a loop can tell; a seed decides what ends
/// next, and how.
///
/// First there is a storm, in which everything may fail and anybody may order anything. Then it is calm: what is begun
/// succeeds, jobs still arrive and leave others behind, and all must come to rest with nothing left to do.
struct ModelLoop {
    /// A step under way.
    enum Begun {
        /// It brings to light what was hidden when it began.
        case scan(finds: Int)
        /// `sees` is nil where it looks at the queue when it ends.
        case exchange(write: Int, claim: Int, sees: Int?)
        case linger, hold, pause
        case arm(Bool)
        /// A ring on its way to the worker.
        case ring
    }

    let mode: JobWorker.Mode
    let slots: Int
    let batch: Int
    let scans: Bool
    var loop: WorkerLoop
    var generator: SeededGenerator
    let trace: Trace?

    var begun: [Begun] = []
    var running = 0
    var gathered = 0
    /// A shutdown was asked for.
    var isAsked = false
    /// Nothing more may be claimed.
    var isTold = false
    var isDraining = false
    /// It has lingered since the last exchange.
    private var hasLingered = false
    /// It has said `stop`.
    var hasEnded = false

    var isCalm = false
    /// Jobs to claim, and jobs that are there to claim once a scan has found them.
    var backlog = 0
    var hidden = 0
    /// The doorbell's connection, and whether the database knows that it is to be rung.
    var ear: Int?
    var isArmed = false
    /// Jobs that are still to come.
    var arrivals = 0

    init(seed: UInt64, traces: Bool) {
        generator = SeededGenerator(seed: seed)
        mode = [.forever, .once, .untilEmpty][generator.below(3)]
        slots = generator.pick([1, 2, 3, 5, 9, 20]) ?? 1
        batch = generator.pick([1, 2, 3, 8, 10, 128]) ?? 1
        scans = generator.chance(50)
        loop = WorkerLoop(mode: mode, slots: slots, batch: batch, scans: scans)
        trace = traces ? Trace() : nil
        trace?.add("\(mode), \(slots) slots, batches of \(batch), \(scans ? "scans" : "does not scan")")
    }

    /// Runs one seed to its end.
    mutating func perform() throws(Violation) {
        try drive()
        for _ in 0..<generator.below(60) where !hasEnded {
            if generator.chance(20) { disturb() } else { endOne() }
            try drive()
        }
        if !hasEnded { try comeToRest() }
        guard hasEnded else { return }
        guard loop.next(isShuttingDown: isAsked) == .stop else { throw Violation("it goes on after its end") }
    }

    // MARK: Steps

    /// Asks the loop for its next steps until it waits.
    mutating func drive() throws(Violation) {
        for _ in 0..<20 {
            let step = loop.next(isShuttingDown: isAsked)
            trace?.add("    \(step)")
            switch step {
            case .wait: return try checkWait()
            case .stop:
                hasEnded = true
                return try checkEnd()
            default: try begin(step)
            }
        }
        throw Violation("20 steps without a wait")
    }

    private mutating func begin(_ step: WorkerLoop.Step) throws(Violation) {
        switch step {
        case .scan:
            guard !isAsked, !isTold else { throw Violation("it scans though it is to end") }
            guard !begun.contains(where: \.isScan) else { throw Violation("two scans") }
            begun.append(.scan(finds: hidden))
        case .exchange(let write, let claim): try beginExchange(write: write, claim: claim)
        case .linger:
            guard !begun.contains(where: \.isLinger) else { throw Violation("two lingers") }
            guard !hasLingered else { throw Violation("it lingers again and writes nothing") }
            hasLingered = true
            begun.append(.linger)
        case .hold(let attempt):
            guard !begun.contains(where: \.isHold) else { throw Violation("two holds") }
            guard attempt > 0 else { throw Violation("it holds what did not fail") }
            begun.append(.hold)
        case .arm(let arms):
            guard !begun.contains(where: \.isArm) else { throw Violation("it arms twice") }
            guard !arms || !isAsked && !isTold else { throw Violation("it arms though it is to end") }
            if generator.chance(50) { isArmed = arms }
            begun.append(.arm(arms))
        case .pause:
            guard !begun.contains(where: \.isPause) else { throw Violation("two pauses") }
            guard !isDraining else { throw Violation("it sleeps though it drains") }
            begun.append(.pause)
        case .wait, .stop: break
        }
    }

    private mutating func beginExchange(write: Int, claim: Int) throws(Violation) {
        let claiming = begun.reduce(0) { $0 + $1.claim }
        guard write > 0 || claim > 0 else { throw Violation("an exchange of nothing") }
        guard begun.count(where: \.isExchange) < 2 else { throw Violation("three exchanges") }
        guard write <= gathered, write <= batch else { throw Violation("it writes \(write) of \(gathered)") }
        guard claim <= batch, running + claiming + claim <= slots else {
            throw Violation("it claims \(claim) while \(running) run and \(claiming) may come")
        }
        guard claim == 0 || !isAsked && !isTold else { throw Violation("it claims though it is to end") }
        gathered -= write
        hasLingered = false
        begun.append(.exchange(write: write, claim: claim, sees: isCalm && generator.chance(50) ? backlog : nil))
    }

    // MARK: Checks

    private func checkWait() throws(Violation) {
        guard running == loop.running, gathered == loop.gathered else {
            throw Violation("\(running) run and \(gathered) wait, not \(loop.running) and \(loop.gathered)")
        }
        // The pause ends at once when a shutdown is asked for.
        let mayPause = isAsked || mode == .forever && !isTold
        guard running > 0 || begun.contains(where: { mayPause || !$0.isPause }) else {
            throw Violation("it waits for nothing")
        }
        guard gathered == 0 || begun.contains(where: { $0.isExchange || $0.isHold || $0.isLinger }) else {
            throw Violation("outcomes wait for nothing")
        }
    }

    private func checkEnd() throws(Violation) {
        guard running == 0, gathered == 0 else { throw Violation("\(running) run and \(gathered) wait at its end") }
        guard !begun.contains(where: { $0.isScan || $0.isExchange || $0.isArm }) else {
            throw Violation("it ends with steps under way")
        }
        guard mode == .untilEmpty, !isAsked, !isTold else { return }
        guard backlog == 0, hidden == 0 else { throw Violation("it ends, and \(backlog) + \(hidden) jobs are left") }
    }

    /// Nothing is under way but the sleep until the next poll.
    func checkRest() throws(Violation) {
        guard mode == .forever, !isAsked, !isTold else { throw Violation("it does not end") }
        guard backlog == 0, hidden == 0 else { throw Violation("\(backlog) + \(hidden) jobs wait for the poll") }
        guard running == 0, gathered == 0 else { throw Violation("\(running) run and \(gathered) wait") }
        guard isArmed else { throw Violation("it sleeps, and nobody would wake it") }
    }
}

extension ModelLoop.Begun {
    var isScan: Bool { if case .scan = self { true } else { false } }
    var isExchange: Bool { if case .exchange = self { true } else { false } }
    var isLinger: Bool { if case .linger = self { true } else { false } }
    var isHold: Bool { if case .hold = self { true } else { false } }
    var isArm: Bool { if case .arm = self { true } else { false } }
    var isPause: Bool { if case .pause = self { true } else { false } }

    /// Jobs it may bring.
    var claim: Int { if case .exchange(_, let claim, _) = self { claim } else { 0 } }
}
