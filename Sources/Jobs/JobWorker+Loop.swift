import Foundation
import Logging
import Postgres
import ServiceLifecycle

extension JobWorker {
    /// What a step that was begun ended with.
    enum Wake: Sendable {
        case scanned
        case exchanged(JobQueue.Exchange, of: [JobRun.Answer], limit: Int)
        case exchangeFailed(any Error, of: [JobRun.Answer], limit: Int)
        case holdEnded
        case lingered
        case armed(Bool)
        case rang(ear: Int?, AsyncStream<Void>)
        case jobEnded(JobRun.Ending)
        case dueCame(ContinuousClock.Instant)
        case pauseEnded
        case drainTimeOver
        case ignored
    }

    typealias Group = ThrowingTaskGroup<Wake, any Error>

    /// What one run of the loop knows.
    struct Run {
        let worker: UUID
        let mode: Mode
        let doorbell: Doorbell?
        let jobRun: JobRun
        var loop: WorkerLoop
        var tally = Tally()
        let timers: JobTimers
        /// Jobs that ended and whose outcome is to be written.
        var gathered: [JobRun.Answer] = []
        /// When a sleep until the next due job ends, while there is one.
        var dueAt: ContinuousClock.Instant?
        /// When the next due job was last asked for: once a second at most, because the look passes over every job that
        /// waits.
        var askedAt: ContinuousClock.Instant?
        /// The bell rang since the last exchange.
        var isRung = false
        /// What ends a run that was to end by itself, once what runs has ended.
        var failure: (any Error)?
        /// What cannot be written now is given up.
        var isEnding = false

        static let askInterval: Duration = .seconds(1)

        /// Where handlers run: not on the doorbell's thread, which the loop then has. Nil where the loop has none.
        var handlerExecutor: (any TaskExecutor)? { mode == .forever ? globalConcurrentExecutor : nil }

        mutating func asksDue() -> Bool {
            guard mode == .forever, askedAt.map({ $0 + Self.askInterval <= .now }) ?? true else { return false }
            askedAt = .now
            return true
        }

        mutating func count(_ end: JobRun.End, took: Duration) {
            tally.count(end)
            timers.record(end, took)
        }
    }

    func begin(_ step: WorkerLoop.Step, of run: inout Run, in group: inout Group) {
        switch step {
        case .scan:
            group.addTask(executorPreference: run.handlerExecutor) { [hasBacklog = run.loop.hasBacklog] in
                await scan(hasBacklog: hasBacklog)
                return .scanned
            }
        case .exchange(let write, let limit):
            let answers = Array(run.gathered.prefix(write))
            run.gathered.removeFirst(write)
            let asksDue = run.asksDue()
            let connection = run.isRung ? run.doorbell?.connection : nil
            run.isRung = false
            group.addTask { [worker = run.worker] in
                await exchange(answers, claiming: limit, for: worker, asksDue: asksDue, over: connection)
            }
        case .linger:
            group.addTask {
                try? await Task.sleep(for: .milliseconds(2))
                return .lingered
            }
        case .hold(let attempt):
            // Another claim that looked at a row lets go of it in a moment; another session, or an outage, takes
            // longer.
            let time = min(.milliseconds(1) * (1 << min(attempt - 1, 10)), .seconds(1))
            group.addTask {
                try? await Task.sleep(for: time)
                return .holdEnded
            }
        case .arm(let isArmed):
            group.addTask { [doorbell = run.doorbell] in await arm(isArmed, doorbell) }
        case .pause:
            group.addTask {
                await pause()
                return .pauseEnded
            }
        case .wait, .stop: break
        }
    }

    func handle(_ wake: Wake, of run: inout Run, in group: inout Group) {
        switch wake {
        case .scanned: run.loop.scanned()
        case .exchanged(let exchange, let answers, let limit):
            finish(exchange, of: answers, limit: limit, in: &run)
            start(exchange.claimed, of: run, in: &group)
            // What this very exchange put back is not among what it saw waiting.
            var due = answers.map(\.verdict.transition).filter { $0.state.phase == .pending }.map(\.delay)
            if let next = exchange.nextDue { due.append(next) }
            if exchange.claimed.count < limit, !exchange.isDueKnown { due.append(Run.askInterval) }
            if let first = due.min() { sleep(until: .now + first, of: &run, in: &group) }
        case .exchangeFailed(let error, let answers, let limit):
            recover(from: error, of: answers, limit: limit, in: &run)
        case .holdEnded: run.loop.holdEnded()
        case .lingered: run.loop.lingered()
        case .armed(let succeeded): run.loop.armed(succeeded: succeeded)
        case .rang(let ear, let rings):
            run.isRung = true
            run.loop.rang(ear: ear)
            if let doorbell = run.doorbell { hearken(rings, of: doorbell, in: &group) }
        case .jobEnded(let ending): end(ending, in: &run)
        case .dueCame(let instant):
            if run.dueAt == instant { run.dueAt = nil }
            run.loop.dueCame()
        case .pauseEnded:
            guard run.loop.pauseEnded(isShuttingDown: Task.isShuttingDownGracefully) else { return }
            logger.notice("\(kind) worker stops: no more claims, \(run.loop.running) jobs still run")
            group.addTask {
                do { try await Task.sleep(for: settings.drainTime) } catch { return .ignored }
                return .drainTimeOver
            }
        case .drainTimeOver:
            logger.notice("\(kind) worker: drain time is over, \(run.loop.running) jobs are given back")
            run.isEnding = true
            group.cancelAll()
        case .ignored: break
        }
    }

    var kind: String { queue.table.kind }

    private func start(_ jobs: [ClaimedJob], of run: Run, in group: inout Group) {
        run.jobRun.running.insert(jobs.lazy.map(\.lease))
        for job in jobs {
            group.addTask(executorPreference: run.handlerExecutor) { [jobRun = run.jobRun] in
                .jobEnded(await jobRun.run(job))
            }
        }
    }

    private func end(_ ending: JobRun.Ending, in run: inout Run) {
        switch ending {
        case .gathers(let answer):
            run.gathered.append(answer)
            run.loop.jobEnded(gathers: true)
        case .written(let end, let took):
            run.count(end, took: took)
            run.loop.jobEnded(gathers: false)
        }
    }

    /// What an exchange wrote is reported, and what it found locked is kept for the next.
    private func finish(_ exchange: JobQueue.Exchange, of answers: [JobRun.Answer], limit: Int, in run: inout Run) {
        var kept: [JobRun.Answer] = []
        for answer in answers {
            let lease = answer.job.lease
            let isLocked = exchange.locked.contains(lease)
            if isLocked, !run.isEnding {
                kept.append(answer)
                continue
            }
            run.jobRun.running.remove(lease)
            guard !exchange.refused.contains(lease) else {
                run.count(.released, took: answer.took)
                continue
            }
            let settlement: JobQueue.Settlement =
                isLocked || exchange.lost.contains(lease)
                ? .leaseLost : .settled(answer.verdict.transition, summary: answer.outcome.summary)
            let end = run.jobRun.report(settlement, of: answer.job, as: answer.outcome, took: answer.took)
            run.count(end, took: answer.took)
        }
        run.gathered += kept
        run.loop.exchanged(exchange.claimed.count, of: limit, unwritten: kept.count)
    }

    /// While the database is away outcomes are kept, until the worker itself gives up.
    private func recover(
        from error: any Error, of answers: [JobRun.Answer], limit: Int, in run: inout Run
    ) {
        let isEnding = run.isEnding || Task.isCancelled
        if isEnding {
            for answer in answers {
                run.jobRun.running.remove(answer.job.lease)
                run.count(.released, took: answer.took)
            }
            if !answers.isEmpty {
                logger.error("\(kind) worker: \(answers.count) outcomes could not be written: \(error)")
            }
        } else if !answers.isEmpty {
            logger.warning("\(kind) worker: \(answers.count) outcomes could not be written yet: \(error)")
        } else if run.mode == .forever {
            logger.error("\(kind) worker could not poll: \(error)")
        } else {
            run.failure = error
            run.loop.stopClaiming()
        }
        let kept = isEnding ? [] : answers
        run.gathered += kept
        run.loop.exchangeFailed(of: limit, unwritten: kept.count)
    }

    private func sleep(until instant: ContinuousClock.Instant, of run: inout Run, in group: inout Group) {
        guard run.mode == .forever, instant < .now + settings.pollInterval else { return }
        if let earlier = run.dueAt, earlier <= instant { return }
        run.dueAt = instant
        group.addTask {
            // A moment later, so that the database's clock has passed it too.
            try? await Task.sleep(until: instant + .milliseconds(1))
            return .dueCame(instant)
        }
    }

    /// Waits for the next ring. Outlives a drain: what is still to come then does no harm.
    func hearken(_ rings: AsyncStream<Void>, of doorbell: Doorbell, in group: inout Group) {
        group.addTask {
            for await _ in rings { return .rang(ear: doorbell.ear, rings) }
            return .ignored
        }
    }
}
