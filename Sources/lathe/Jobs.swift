import ArgumentParser
import Foundation
import Jobs
import Pipeline
import Postgres

/// `lathe jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Look at upload and processing jobs, and retry failed ones.",
        subcommands: [List.self, Show.self, Retry.self])

    /// Both queues, for an operator who has only an id.
    private static func queues(_ database: Database) -> [JobQueue] {
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
                if json { try Console.json(found) } else { show(found) }
                await database.close()
                return
            }
            throw CommandError(.workFailed, "there is no job \(job.lowercased)")
        }

        private func show(_ job: JobRecord) {
            Console.line("job      \(job.id.lowercased)")
            Console.line("kind     \(job.kind)")
            Console.line("status   \(job.status)")
            Console.line("target   \(job.target.lowercased)")
            Console.line("source   \(job.source)")
            Console.line("tries    \(job.attemptCount) claims, \(job.retryCount) retries, \(job.crashCount) crashes")
            Console.line("created  \(job.createdAt.formatted(.iso8601))")
            Console.line("changed  \(job.updatedAt.formatted(.iso8601))")
            if job.status == "PENDING" { Console.line("next     \(job.runAfter.formatted(.iso8601))") }
            if let worker = job.worker { Console.line("worker   \(worker)") }
            if let error = job.error { Console.line("error    \(error)") }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a failed or waiting job a fresh set of tries, at once.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The job's id.") var job: UUID

        func run() async throws {
            let database = try await Connected.database(options)
            for queue in JobsCommand.queues(database) {
                switch try await queue.retry(job) {
                case .notFound: continue
                case .refused(let status):
                    throw CommandError(.workFailed, "job \(job.lowercased) is \(status): there is nothing to retry")
                case .done:
                    Console.line("\(job.lowercased) is PENDING again")
                    await database.close()
                    return
                }
            }
            throw CommandError(.workFailed, "there is no job \(job.lowercased)")
        }
    }
}
