import Foundation

@testable import Jobs

/// What a process makes of an answer, or of its absence.
extension ModelProcess {
    mutating func receive(_ reply: Reply, to call: Call, jitter: Double, database: ModelDatabase) {
        take(reply, to: call, jitter: jitter, database: database)
        drive(now: database.now)
    }

    private mutating func take(_ reply: Reply, to call: Call, jitter: Double, database: ModelDatabase) {
        let now = database.now
        switch (call.request, reply) {
        case (.exchange(let answers, let limit), .exchanged(let exchange)):
            finish(exchange, of: answers, limit: limit)
        case (.store(let answer), .stored): stored(answer)
        case (.store(let answer), .lockTimeout):
            guard case .done = answer.outcome else { return stored(answer) }
            send(.store(Answer(answer.attempt, .snooze("locked"), jitter: jitter, database: database)), now: now)
        case (.beat(let sentAt), .beat(let held)):
            guard let held else { return cancelWork(isLost: true) }
            deadline = call.sentAt + WorkerLease.giveUpAfter
            var comparison = running.compare(with: held, askedAt: sentAt)
            if database.flaw == .releasesStraysAtOnce, comparison.strays.isEmpty {
                comparison = running.compare(with: held, askedAt: sentAt)
            }
            guard comparison.strays.isEmpty else { return send(.release(comparison.strays), now: now) }
            beatDueAt = now + WorkerLease.beatInterval
        case (.release(.some), _): beatDueAt = now + WorkerLease.beatInterval
        case (.release(nil), .released): send(.forget, now: now)
        case (.release(nil), _): failed(call, database: database)
        case (.forget, _): life = .dead
        default: break
        }
    }

    /// The connection was lost, or there was no answer in time; what became of the statement is not known.
    mutating func failed(_ call: Call, database: ModelDatabase) {
        let now = database.now
        switch call.request {
        case .exchange(let answers, let limit): recover(answers, limit: limit)
        case .store(let answer):
            if isEnding { stored(answer) } else { send(call.request, now: now) }
        case .beat: beatDueAt = now + WorkerLease.beatInterval
        case .release(.some): beatDueAt = now + WorkerLease.beatInterval
        case .release(nil), .forget:
            // At a shutdown it does not wait for the database; otherwise it tries again before the next incarnation.
            if isShuttingDown { life = .dead } else { send(call.request, now: now) }
        }
        drive(now: now)
    }

    private mutating func stored(_ answer: Answer) {
        running.remove(answer.attempt.claim.lease)
        loop.jobEnded(gathers: false)
    }

    /// `JobWorker.finish`.
    private mutating func finish(_ exchange: ModelDatabase.Exchange, of answers: [Answer], limit: Int) {
        var kept: [Answer] = []
        for answer in answers {
            let lease = answer.attempt.claim.lease
            if exchange.locked.contains(lease), !isEnding {
                kept.append(answer)
            } else {
                running.remove(lease)
            }
        }
        gathered += kept
        loop.exchanged(exchange.claimed.count, of: limit, unwritten: kept.count)
        start(exchange.claimed)
        if isEnding { for handler in handlers { handler.stop.raise() } }
    }

    /// `JobWorker.recover`.
    private mutating func recover(_ answers: [Answer], limit: Int) {
        if isEnding { for answer in answers { running.remove(answer.attempt.claim.lease) } }
        let kept = isEnding ? [] : answers
        gathered += kept
        loop.exchangeFailed(of: limit, unwritten: kept.count)
    }
}
