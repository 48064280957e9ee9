import Foundation
import Logging
import Postgres
import ServiceLifecycle

/// What the loop's steps do, each in a task of its own.
extension JobWorker {
    /// Writes outcomes and claims new jobs. In an unstructured task, because what was done must be written even though
    /// this one may be cancelled by now; but not for longer than a lease could bear.
    func exchange(_ answers: [JobRun.Answer], claiming limit: Int, for worker: UUID) async -> Wake {
        do {
            let exchange = try await Task {
                try await withTimeout(.seconds(10)) {
                    try await queue.exchange(answers.map(\.verdict), claiming: limit, for: worker)
                }
            }.value
            return .exchanged(exchange, of: answers, limit: JobQueue.roundedLimit(limit))
        } catch let error as PostgresError where !error.isTransient && !answers.isEmpty {
            // One of them cannot be written: it must not keep the others.
            return .exchanged(await writeOneByOne(answers), of: answers, limit: 0)
        } catch {
            return .exchangeFailed(error, of: answers)
        }
    }

    private func writeOneByOne(_ answers: [JobRun.Answer]) async -> JobQueue.Exchange {
        var exchange = JobQueue.Exchange()
        for answer in answers {
            do {
                let settlement = try await queue.settle(answer.job, as: answer.outcome)
                if settlement == .leaseLost { exchange.lost.insert(answer.job.lease) }
            } catch {
                logger.error("an outcome could not be written, the job is given back soon: \(error)")
                exchange.lost.insert(answer.job.lease)
            }
        }
        return exchange
    }

    func arm(_ isArmed: Bool, for worker: UUID) async -> Wake {
        do {
            try await queue.arm(isArmed, for: worker)
            return .armed(true)
        } catch {
            logger.debug("\(kind) worker: the doorbell could not be armed: \(error)")
            return .armed(false)
        }
    }

    /// A scan that fails stops no claim.
    func scan(hasBacklog: Bool) async {
        do {
            if hasBacklog { _ = try await queue.giveTurns() }
            try await handler.scan()
        } catch {
            if !Task.isCancelled { logger.error("\(kind) worker could not scan: \(error)") }
        }
    }

    /// Sleeps for one poll interval, or until shutdown.
    func pause() async {
        let jitter = Double.random(in: 0.9...1.1)
        await cancelWhenGracefulShutdown {
            try? await Task.sleep(for: settings.pollInterval * jitter)
        }
    }
}
