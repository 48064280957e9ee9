import ArgumentParser
import Foundation
import Jobs
import Pipeline
import Postgres

/// `lathe jobs` orders: retry, cancel, prioritize, pause, resume. Each is a write to the database that every host
/// obeys.
extension JobsCommand {
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a failed or waiting job, or all failed ones, a fresh set of tries, at once.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The job's id.") var job: UUID?
        @Flag(help: "Every FAILED job but those that were cancelled.") var allFailed = false
        @Option(help: "With --all-failed: only this queue, upload or processing.") var queue: QueueName?

        func validate() throws {
            guard (job == nil) == allFailed else { throw ValidationError("Name one job, or give --all-failed.") }
            guard queue == nil || allFailed else { throw ValidationError("--queue goes with --all-failed.") }
        }

        func run() async throws {
            guard let job else { return try await retryAll() }
            try await JobsCommand.order(job, options, done: "\(job.lowercased) is PENDING again") { queue in
                try await queue.retry(job)
            } refused: {
                "job \(job.lowercased) is \($0): there is nothing to retry"
            }
        }

        private func retryAll() async throws {
            let database = try await Connected.database(options)
            var total = 0
            for one in JobsCommand.queues(database) where queue == nil || queue?.rawValue == one.table.kind {
                total += try await one.retryAllFailed()
            }
            Console.line("\(Readable.count(total, "job")) PENDING again")
            await database.close()
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End a waiting or running job for good.",
            discussion: "A worker that runs it stops within a few seconds. The job is FAILED; `jobs retry` undoes it.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The job's id.") var job: UUID

        func run() async throws {
            try await JobsCommand.order(job, options, done: "\(job.lowercased) is cancelled") { queue in
                try await queue.cancel(job)
            } refused: {
                "job \(job.lowercased) is \($0): there is nothing to cancel"
            }
        }
    }

    struct Prioritize: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a waiting job before or behind others.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The job's id.") var job: UUID
        @Option(parsing: .unconditional, help: "The smaller one runs first; jobs have 0.") var priority: Int16 = -1

        func run() async throws {
            try await JobsCommand.order(job, options, done: "\(job.lowercased) has priority \(priority)") { queue in
                try await queue.setPriority(priority, of: job)
            } refused: {
                "job \(job.lowercased) is \($0): it waits for nothing"
            }
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Have no worker on any host claim of a queue; what runs, runs on.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "upload or processing.") var queue: QueueName

        func run() async throws {
            let who = "\(NSUserName())@\(ProcessInfo.processInfo.hostName)"
            try await JobsCommand.order(queue, options) { queue in
                try await queue.pause(by: who)
                    ? "\(queue.table.kind) is paused" : "\(queue.table.kind) was paused already"
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let a paused queue be worked on again.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "upload or processing.") var queue: QueueName

        func run() async throws {
            try await JobsCommand.order(queue, options) { queue in
                try await queue.resume() ? "\(queue.table.kind) goes on" : "\(queue.table.kind) was not paused"
            }
        }
    }

    /// A queue as an operator names it.
    enum QueueName: String, ExpressibleByArgument, CaseIterable {
        case upload, processing
    }

    /// Carries out an order on the job, in whichever queue it is.
    private static func order(
        _ job: UUID, _ options: SettingsOptions, done: String, _ body: (JobQueue) async throws -> OrderAnswer,
        refused: (String) -> String
    ) async throws {
        let database = try await Connected.database(options)
        for queue in queues(database) {
            switch try await body(queue) {
            case .notFound: continue
            case .refused(let status): throw CommandError(.workFailed, refused(status))
            case .done:
                Console.line(done)
                await database.close()
                return
            }
        }
        throw CommandError(.workFailed, "there is no job \(job.lowercased)")
    }

    private static func order(
        _ name: QueueName, _ options: SettingsOptions, _ body: (JobQueue) async throws -> String
    ) async throws {
        let database = try await Connected.database(options)
        for queue in queues(database) where queue.table.kind == name.rawValue {
            Console.line(try await body(queue))
        }
        await database.close()
    }
}
