import Foundation
import Logging
import Postgres
import ServiceLifecycle

/// What the loop's steps do, each in a task of its own.
extension JobWorker {
    /// Writes outcomes and claims new jobs.
    /// - Parameter connection: to claim over, if there is nothing to write.
    func exchange(
        _ answers: [JobRun.Answer], claiming limit: Int, for worker: UUID, asksDue: Bool,
        over connection: PostgresConnection?
    ) async -> Wake {
        do {
            let verdicts = answers.map(\.verdict)
            guard !verdicts.isEmpty else {
                let exchange = try await queue.exchange(
                    [], claiming: limit, for: worker, asksDue: asksDue, over: connection)
                return .exchanged(exchange, of: [], limit: limit)
            }
            let exchange = try await JobRun.writing {
                try await queue.exchange(verdicts, claiming: limit, for: worker, asksDue: asksDue)
            }
            return .exchanged(exchange, of: answers, limit: limit)
        } catch let error as PostgresError where !error.isTransient && !answers.isEmpty {
            // One of them cannot be written: it must not keep the others.
            return .exchanged(await writeOneByOne(answers), of: answers, limit: limit)
        } catch {
            return .exchangeFailed(error, of: answers, limit: limit)
        }
    }

    private func writeOneByOne(_ answers: [JobRun.Answer]) async -> JobQueue.Exchange {
        var exchange = JobQueue.Exchange()
        for answer in answers {
            let lease = answer.job.lease
            do {
                if try await !JobRun.writing({ try await queue.settle(answer.verdict) }) { exchange.lost.insert(lease) }
            } catch let error as PostgresError where error.isTransient {
                exchange.locked.insert(lease)
            } catch {
                logger.error("an outcome could not be written, the job is given back soon: \(error)")
                exchange.refused.insert(lease)
            }
        }
        return exchange
    }

    func arm(_ isArmed: Bool, _ doorbell: Doorbell?) async -> Wake {
        guard let doorbell, isArmed else {
            doorbell?.disarm(queue.table)
            return .armed(true)
        }
        do {
            try await doorbell.arm(queue)
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
        } catch {
            if !Task.isCancelled { logger.warning("\(kind) worker could not give turns: \(error)") }
        }
        do {
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
