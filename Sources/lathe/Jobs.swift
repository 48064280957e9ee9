import ArgumentParser
import Foundation
import Jobs
import Pipeline
import Postgres

/// `lathe jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Look at upload and processing jobs and their queues, and give orders.",
        subcommands: [
            List.self, Show.self, Queues.self, Retry.self, Cancel.self, Prioritize.self, Pause.self, Resume.self,
        ])

    /// Both queues, for an operator who has only an id.
    static func queues(_ database: Database) -> [JobQueue] {
        JobTable.pipeline.map { JobQueue(table: $0, database: database) }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs, the last changed first.")
        private static let statuses = ["PENDING", "UPLOADING", "PROCESSING", "COMPLETED", "FAILED"]

        @OptionGroup var options: SettingsOptions
        @Option(help: "Only these: \(List.statuses.joined(separator: ", ")).") var status: String?
        @Option(help: "At most this many of each kind.") var limit = 50
        @Flag(help: "Print JSON, one job a line.") var json = false

        func validate() throws {
            guard limit > 0 else { throw ValidationError("--limit must be at least 1.") }
            guard let status, !Self.statuses.contains(status.uppercased()) else { return }
            throw ValidationError("--status is one of \(Self.statuses.joined(separator: ", ")), not \"\(status)\".")
        }

        func run() async throws {
            let database = try await Connected.database(options)
            var jobs: [JobRecord] = []
            for queue in JobsCommand.queues(database) {
                jobs += try await queue.list(status: status?.uppercased(), limit: limit)
            }
            jobs.sort { $0.updatedAt > $1.updatedAt }
            if json {
                for job in jobs { try Console.json(job) }
            } else {
                Console.table(
                    ["JOB", "KIND", "STATUS", "RETRIES", "CHANGED", "ERROR"],
                    jobs.map {
                        [
                            $0.id.lowercased, $0.kind, $0.status, "\($0.retryCount)", $0.updatedAt.formatted(.iso8601),
                            $0.error ?? "",
                        ]
                    })
            }
            await database.close()
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all of one job.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The job's id.") var job: UUID
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let database = try await Connected.database(options)
            for queue in JobsCommand.queues(database) {
                guard let found = try await queue.find(job) else { continue }
                let history = try await queue.history(of: job)
                if json { try Console.json(Shown(job: found, attempts: history)) } else { show(found, history) }
                await database.close()
                return
            }
            throw CommandError(.workFailed, "there is no job \(job.lowercased)")
        }

        /// The job's own keys, and its attempts beside them.
        private struct Shown: Encodable {
            let job: JobRecord
            let attempts: [JobAttempt]

            private enum CodingKeys: CodingKey { case attempts }

            func encode(to encoder: any Encoder) throws {
                try job.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(attempts, forKey: .attempts)
            }
        }

        private func show(_ job: JobRecord, _ history: [JobAttempt]) {
            Console.line("job      \(job.id.lowercased)")
            Console.line("kind     \(job.kind)")
            Console.line("status   \(job.status)")
            Console.line("target   \(job.target.lowercased)")
            Console.line("source   \(job.source)")
            Console.line(
                "tries    \(job.attemptCount) claims, \(job.retryCount) retries, \(job.crashCount) crashes, "
                    + "\(job.snoozeCount) snoozes, \(job.releaseCount) given back")
            if job.priority != 0 { Console.line("priority \(job.priority)") }
            Console.line("created  \(job.createdAt.formatted(.iso8601))")
            Console.line("changed  \(job.updatedAt.formatted(.iso8601))")
            if job.status == "PENDING" { Console.line("next     \(job.runAfter?.formatted(.iso8601) ?? "never")") }
            if let worker = job.worker { Console.line("worker   \(worker)") }
            if let error = job.error { Console.line("error    \(error)") }
            guard !history.isEmpty else { return }
            Console.line()
            Console.table(
                ["ATTEMPT", "ENDED", "TOOK", "OUTCOME", "WORKER", "ERROR"],
                history.map { attempt in
                    let took = attempt.startedAt.map { Readable.seconds(attempt.endedAt.timeIntervalSince($0)) } ?? ""
                    return [
                        "\(attempt.attempt)", attempt.endedAt.formatted(.iso8601), took, attempt.outcome,
                        attempt.worker ?? "", attempt.error ?? "",
                    ]
                })
        }
    }

    struct Queues: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how much waits and runs, which queues are paused, and the tables' health.")

        @OptionGroup var options: SettingsOptions
        @Flag(help: "Print JSON, one queue a line.") var json = false

        func run() async throws {
            let database = try await Connected.database(options)
            var all: [QueueStatistics] = []
            for queue in JobsCommand.queues(database) {
                all.append(try await queue.statistics())
            }
            await database.close()
            guard !json else {
                for statistics in all { try Console.json(statistics) }
                return
            }
            Console.table(
                ["QUEUE", "DUE", "LATER", "RUNNING", "LONGEST WAIT", "WORKERS", "DEAD ROWS", "STATE"],
                all.map {
                    [
                        $0.queue, "\($0.due)", "\($0.later)", "\($0.running)", Readable.seconds($0.longestWait),
                        "\($0.workers)", "\($0.deadRows)", state(of: $0),
                    ]
                })
            if let oldest = all.map(\.oldestTransaction).max(), oldest > 60 {
                let time = Readable.time(seconds: Int(oldest))
                Console.line("a transaction has been open for \(time): dead rows stay until it ends")
            }
        }

        private func state(of queue: QueueStatistics) -> String {
            guard let pausedAt = queue.pausedAt else { return "open" }
            return "paused since \(pausedAt.formatted(.iso8601)) by \(queue.pausedBy ?? "somebody")"
        }
    }
}
