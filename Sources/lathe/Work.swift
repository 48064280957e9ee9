public import ArgumentParser
import Jobs
import Logging
public import Pipeline
import ServiceLifecycle
import UnixSignals

struct Work: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the upload and the processing worker until SIGTERM.",
        discussion: """
            On SIGTERM or SIGINT it claims nothing more, lets running jobs finish within LATHE_DRAIN_SECONDS (30), and \
            gives the rest back. With --once or --drain it ends by itself, with exit status 1 if a job failed for good.
            """)

    @OptionGroup var options: SettingsOptions

    @Option(help: "Run only this worker: upload or processing.")
    var only: PipelineConfiguration.Worker?

    @Flag(help: "Poll once, run what was claimed, and end.")
    var once = false

    @Flag(help: "Run until no job is left whose time has come; a job that waits for its retry is left.")
    var drain = false

    func validate() throws {
        guard !(once && drain) else { throw ValidationError("--once and --drain exclude each other.") }
    }

    func run() async throws {
        let settings = try await Settings(options)
        let logger = try settings.logger()
        var configuration = try settings.pipeline()
        if let only { configuration.workers = [only] }
        let manager = try WorkerManager(configuration, logger: logger)
        guard once || drain else {
            try await serve(manager, logger: logger)
            return
        }
        let ending = EndingService(manager: manager, mode: once ? .once : .untilEmpty)
        try await serve(ending, logger: logger)
        let tally = await ending.tally.value
        Console.line(
            "\(tally.completed) done, \(tally.postponed) wait for another try, \(tally.failed) failed, \(tally.released) given back"
        )
        guard tally.failed == 0 else {
            throw CommandError(.workFailed, "\(tally.failed) jobs failed: see `lathe jobs list --status FAILED`")
        }
    }

    private func serve(_ service: some Service, logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger)))
        try await group.run()
    }

    /// The group's own log repeats what the workers say.
    private func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        return quiet
    }
}

/// Runs the workers once or until the queues are empty, as a service, so that signals reach it.
private struct EndingService: Service {
    actor Result {
        private(set) var value = JobWorker.Tally()
        func set(_ tally: JobWorker.Tally) { value = tally }
    }

    let manager: WorkerManager
    let mode: JobWorker.Mode
    let tally = Result()

    func run() async throws {
        await tally.set(try await manager.run(mode))
    }
}

extension PipelineConfiguration.Worker: ExpressibleByArgument {}
