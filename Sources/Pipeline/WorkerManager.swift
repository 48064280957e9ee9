import Foundation
package import Jobs
public import Logging
import MediaContract
import MediaSandbox
import ObjectStorage
import Postgres
public import ServiceLifecycle
import SystemPackage

/// Starts and stops the upload worker and the processing worker with the process that hosts them.
///
/// `run()` is a ServiceLifecycle service: on graceful shutdown it claims nothing more, lets running jobs finish within
/// the drain time and gives the rest back. The process may be killed at any moment as well; other workers then take its
/// jobs up within about 20 seconds.
public struct WorkerManager: Service {
    private let resources: PipelineResources
    private let engine: JobEngine

    /// Checks the configuration; connects to nothing yet.
    /// - Throws: `PipelineError` that names the setting to correct.
    public init(_ configuration: PipelineConfiguration, logger: Logger) throws(PipelineError) {
        let resources = try PipelineResources(configuration, logger: logger)
        self.resources = resources
        engine = JobEngine(
            workers: resources.workers, beatDatabase: resources.beatDatabase, doorbell: resources.doorbell,
            retention: Retention(configuration), version: LatheVersion.current, logger: logger,
            prepare: { try await resources.checkSchema() })
    }

    /// Runs the workers until graceful shutdown or cancellation. While the database cannot be reached it waits and
    /// tries again; nothing is lost meanwhile.
    /// - Throws: `PipelineError` where the database lacks Lathe's tables.
    public func run() async throws {
        try await run(.forever)
    }

    /// Runs the workers until shutdown, or one after the other, uploads first, until each ends by itself.
    /// - Returns: how the jobs ended.
    @discardableResult
    package func run(_ mode: JobWorker.Mode) async throws -> JobWorker.Tally {
        let result = await outcome(of: mode)
        await resources.close()
        do {
            return try result.get()
        } catch is JobEngine.LostDatabase {
            throw PipelineError(
                .unreachable,
                "the database was out of reach for too long; jobs that ran are taken up again by the next worker")
        } catch let error as PostgresError where error.isForTheOperator {
            throw PipelineError(.badConfiguration, error.message)
        }
    }

    private func outcome(of mode: JobWorker.Mode) async -> Result<JobWorker.Tally, any Error> {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await resources.keepMediaProcesses() }
            group.addTask { await resources.staleUploads?.run() }
            // Ends when the jobs have: those that still run at the end of a shutdown keep their processes.
            defer { group.cancelAll() }
            do { return .success(try await engine.run(mode)) } catch { return .failure(error) }
        }
    }
}

extension WorkerManager: CustomStringConvertible {
    /// What a service group logs of it: never a connection string or a secret.
    public var description: String {
        "WorkerManager(\(engine.kinds))"
    }
}

extension Retention {
    fileprivate init(_ configuration: PipelineConfiguration) {
        self.init()
        attempts = configuration.attemptRetention
        completed[JobTable.processing.kind] = configuration.processingRetention
        completed[JobTable.uploads.kind] = configuration.uploadRetention
    }
}
