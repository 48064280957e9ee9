public import ArgumentParser
import Jobs
import Logging
public import Pipeline
import ServiceLifecycle
import Synchronization
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
            try await serve(manager, logger: logger, drainTime: configuration.drainTime)
            return
        }
        let ending = EndingService(manager: manager, mode: once ? .once : .untilEmpty)
        try await serve(ending, logger: logger, drainTime: configuration.drainTime)
        let tally = ending.tally.withLock(\.self)
        Console.line(
            "\(tally.completed) done, \(tally.postponed) wait for another try, \(tally.failed) failed, \(tally.released) given back"
        )
        guard tally.failed == 0 else {
            throw CommandError(
                .workFailed, "\(Readable.count(tally.failed, "job")) failed: see `lathe jobs list --status FAILED`")
        }
    }

    private func serve(_ service: some Service, logger: Logger, drainTime: Duration) async throws {
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(
                    service: service, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .cancelGroup)
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet(logger))
        // The workers need a few seconds after the drain time to give back what still ran; nothing may take longer.
        configuration.maximumGracefulShutdownDuration = drainTime + .seconds(15)
        try await ServiceGroup(configuration: configuration).run()
    }

    /// The group's own log repeats what the workers say.
    private func quiet(_ logger: Logger) -> Logger {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .error)
        return quiet
    }
}

/// Runs the workers once or until the queues are empty, as a service, so that signals reach it.
private final class EndingService: Service {
    private let manager: WorkerManager
    private let mode: JobWorker.Mode
    let tally = Mutex(JobWorker.Tally())

    init(manager: WorkerManager, mode: JobWorker.Mode) {
        self.manager = manager
        self.mode = mode
    }

    func run() async throws {
        let result = try await manager.run(mode)
        tally.withLock { $0 = result }
    }
}

extension PipelineConfiguration.Worker: ExpressibleByArgument {}
