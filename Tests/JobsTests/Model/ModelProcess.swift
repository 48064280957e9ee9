import Foundation
import Synchronization

@testable import Jobs

/// One process with one worker: the real loop and the real comparison of a beat's answer, and what stands around them
/// in `JobWorker`, `JobRun`, `WorkerLease` and `JobEngine`, with every wait made visible. Whatever it waits for is in
/// `handlers`, `calls` or `timers`, and the scheduler decides which of them ends next.
struct ModelProcess {
    /// A job whose handler runs, or whose outcome waits.
    struct Attempt {
        let claim: ModelDatabase.Claim
        /// Raised when the handler is told to stop.
        let stop: Flag
    }

    /// What a handler said: `JobRun.Answer`.
    struct Answer {
        let attempt: Attempt
        let outcome: JobOutcome
        let verdict: Verdict
    }

    enum Request {
        case exchange([Answer], limit: Int)
        case store(Answer)
        case beat(ContinuousClock.Instant)
        /// Strays a beat found; nil gives back everything, because the incarnation ends.
        case release([UUID]?)
        case forget
    }

    enum Reply {
        case exchanged(ModelDatabase.Exchange)
        case stored(Bool)
        case lockTimeout
        case beat(Set<UUID>?)
        case released
        case releaseTimeout
        case forgotten
    }

    enum Progress {
        case sent
        /// The server has begun it, with this snapshot.
        case begun(ModelDatabase)
        case done(Reply)
    }

    struct Call {
        let worker: UUID
        let request: Request
        let sentAt: Duration
        var progress = Progress.sent
    }

    enum Timer {
        case scan, linger, pause, hold, arm
    }

    enum Life {
        case working
        /// Its work is over and its rows are given back.
        case ending
        case dead
    }

    let slots: Int
    var life = Life.working
    /// The incarnation's id.
    var worker: UUID
    var loop: WorkerLoop
    var running = RunningJobs()
    var handlers: [Attempt] = []
    var gathered: [Answer] = []
    var calls: [Call] = []
    var timers: [Timer] = []
    /// Nil while a beat, or what follows from it, is under way.
    var beatDueAt: Duration?
    /// Without an answered beat until then it gives itself up.
    var deadline: Duration
    /// Stopped by a signal or a debugger: it does nothing, and what it sent goes on.
    var isFrozen = false
    var isShuttingDown = false
    var isEnding = false

    init(worker: UUID, slots: Int, now: Duration) {
        self.worker = worker
        self.slots = slots
        loop = WorkerLoop(mode: .forever, slots: slots)
        beatDueAt = now + WorkerLease.beatInterval
        deadline = now + WorkerLease.giveUpAfter
    }

    var isActive: Bool { life != .dead && !isFrozen }

    /// Asks the loop for its next steps until it waits.
    mutating func drive(now: Duration) {
        guard life == .working else { return }
        while true {
            switch loop.next(isShuttingDown: isShuttingDown) {
            case .scan: timers.append(.scan)
            case .linger: timers.append(.linger)
            case .pause: timers.append(.pause)
            case .arm: timers.append(.arm)
            case .hold: timers.append(.hold)
            case .exchange(let write, let limit):
                send(.exchange(Array(gathered.prefix(write)), limit: limit), now: now)
                gathered.removeFirst(write)
            case .wait: return
            case .stop:
                life = .ending
                beatDueAt = nil
                send(.release(nil), now: now)
                return
            }
        }
    }

    mutating func send(_ request: Request, now: Duration) {
        calls.append(Call(worker: worker, request: request, sentAt: now))
    }

    mutating func start(_ claims: [ModelDatabase.Claim]) {
        for claim in claims {
            let attempt = Attempt(claim: claim, stop: Flag())
            handlers.append(attempt)
            running.insert([claim.lease])
            running.workBegan(claim.lease) { attempt.stop.raise() }
        }
    }

    /// A handler ended.
    mutating func finish(_ attempt: Attempt, as outcome: JobOutcome, jitter: Double, database: ModelDatabase) {
        handlers.removeAll { $0.claim.lease == attempt.claim.lease }
        running.workEnded(attempt.claim.lease)
        let answer = Answer(attempt, outcome, jitter: jitter, database: database)
        guard case .done = outcome else {
            gathered.append(answer)
            loop.jobEnded(gathers: true)
            return drive(now: database.now)
        }
        send(.store(answer), now: database.now)
    }

    /// The incarnation lost its lease, or its drain time is over: nothing new is begun, and handlers are told to stop.
    mutating func cancelWork(isLost: Bool) {
        isEnding = true
        if isLost { loop.cancelled() }
        for handler in handlers { handler.stop.raise() }
    }

    mutating func fire(_ timer: Int, now: Duration) {
        switch timers.remove(at: timer) {
        case .scan: loop.scanned()
        case .linger: loop.lingered()
        case .hold: loop.holdEnded()
        case .arm: loop.armed(succeeded: true)
        case .pause: _ = loop.pauseEnded(isShuttingDown: isShuttingDown)
        }
        drive(now: now)
    }

    /// The leases under which something may still be written from here.
    var outstanding: [(job: UUID, lease: UUID)] {
        var all = handlers.map { ($0.claim.id, $0.claim.lease) }
        all += gathered.map { ($0.attempt.claim.id, $0.attempt.claim.lease) }
        for call in calls { all += call.outstanding }
        return all
    }
}

extension ModelProcess.Call {
    var outstanding: [(job: UUID, lease: UUID)] {
        switch request {
        case .exchange(let answers, _): answers.map { ($0.attempt.claim.id, $0.attempt.claim.lease) }
        case .store(let answer): [(answer.attempt.claim.id, answer.attempt.claim.lease)]
        case .beat, .release, .forget: []
        }
    }
}

extension ModelProcess.Answer {
    init(_ attempt: ModelProcess.Attempt, _ outcome: JobOutcome, jitter: Double, database: ModelDatabase) {
        let claim = attempt.claim
        let event = outcome.event
        let transition =
            claim.state.applying(event, policy: database.policy, jitter: jitter) ?? JobTransition(claim.state)
        let ending: Verdict.Ending =
            switch outcome {
            case .done, .finished: .completed
            case .retry: transition.state.phase == .failed ? .failed : .retried
            case .fail: .failed
            case .snooze: .snoozed
            case .released: .released
            }
        self.init(
            attempt: attempt, outcome: outcome,
            verdict: Verdict(
                id: claim.id, lease: claim.lease, transition: transition, ending: ending, error: outcome.error))
    }
}

/// Raised once, from wherever.
final class Flag: Sendable {
    private let state = Atomic(false)

    var isRaised: Bool { state.load(ordering: .relaxed) }

    func raise() {
        state.store(true, ordering: .relaxed)
    }
}
