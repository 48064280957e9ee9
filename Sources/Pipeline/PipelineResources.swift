import Foundation
import Jobs
package import Logging
import MediaContract
package import MediaSandbox
import Migrations
package import ObjectStorage
import Postgres
import SystemPackage

/// What a configuration amounts to: the database pool, the store, the media process and the workers around them.
struct PipelineResources: Sendable {
    private let logger: Logger
    let database: Database
    /// For the worker's life signs alone.
    let beatDatabase: Database
    let workers: [JobWorker]
    private let sandbox: MediaSandbox
    /// Requests to it that can come at once.
    private let mediaSlots: Int
    /// Nil where no uploads are worked on.
    let staleUploads: StaleUploads?
    /// Nil where it is switched off.
    let doorbell: Doorbell?

    init(_ configuration: PipelineConfiguration, logger: Logger) throws(PipelineError) {
        self.logger = logger
        database = Database(
            configuration.postgresConfiguration(), maximumConnections: Self.connections(configuration), logger: logger)
        beatDatabase = Database(configuration.postgresConfiguration(), maximumConnections: 1, logger: logger)
        try configuration.check()
        let store = try configuration.storage.makeStore()
        let sandbox = try configuration.makeSandbox(logger: logger)
        self.sandbox = sandbox
        mediaSlots =
            (configuration.workers.contains(.upload) ? configuration.uploadConcurrency : 0)
            + (configuration.workers.contains(.processing) ? configuration.processingConcurrency : 0)
        let catalogue = Catalogue(database: database)
        var workers: [JobWorker] = []
        if configuration.workers.contains(.upload) {
            let handler = UploadWorker(
                catalogue: catalogue, store: store, sandbox: sandbox, roots: try configuration.makeUploadRoots())
            workers.append(
                JobWorker(
                    queue: JobQueue(table: .uploads, database: database), handler: handler,
                    settings: JobWorker.Settings(
                        pollInterval: configuration.uploadPollInterval, concurrency: configuration.uploadConcurrency,
                        drainTime: configuration.drainTime),
                    logger: logger))
        }
        if configuration.workers.contains(.processing) {
            let source = try MasterSource(store: store, allowedHosts: configuration.masterHosts)
            let handler = ProcessingWorker(
                catalogue: catalogue, source: source, sandbox: sandbox, profile: .mp3At320,
                workDirectory: FilePath(configuration.workDirectory),
                waiting: WaitingReleases(logger: logger),
                threads: ThreadBudget(configuration.processingConcurrency), logger: logger)
            workers.append(
                JobWorker(
                    queue: JobQueue(table: .processing, database: database), handler: handler,
                    settings: JobWorker.Settings(
                        pollInterval: configuration.processingPollInterval,
                        concurrency: configuration.processingConcurrency, drainTime: configuration.drainTime),
                    logger: logger))
        }
        self.workers = workers
        staleUploads =
            configuration.workers.contains(.upload)
            ? StaleUploads(database: database, store: store, logger: logger) : nil
        doorbell =
            configuration.usesDoorbell
            ? Doorbell(configuration.postgresConfiguration(), of: workers.map(\.queue.table), logger: logger) : nil
    }

    /// One for the rescuer, one for the scans, and half the jobs at once in their short transactions.
    private static func connections(_ configuration: PipelineConfiguration) -> Int {
        2 + (configuration.uploadConcurrency + configuration.processingConcurrency + 1) / 2
    }

    /// Logs what confines the media process, and keeps some started ahead of need until cancelled: one for each job
    /// that may run, but not more than there are processors to run them.
    func keepMediaProcesses() async {
        do throws(MediaFailure) {
            try await sandbox.reportConfinement()
        } catch {
            // The jobs that need it will fail by the same reason.
            if error.kind != .cancelled { logger.error("\(error.message)") }
        }
        await sandbox.keepWarm(min(mediaSlots, ProcessInfo.processInfo.activeProcessorCount))
    }

    func close() async {
        await database.close()
        await beatDatabase.close()
    }

    /// - Throws: `PipelineError` where migrations are missing, `PostgresError` where the database cannot be reached.
    func checkSchema() async throws {
        let missing: [Migration]
        do {
            missing = try await Migrator(database: database, migrations: Migrations.all, logger: logger).plan()
        } catch .database(let error) {
            throw error
        } catch {
            throw PipelineError(.badConfiguration, "\(error)")
        }
        guard let first = missing.first else { return }
        throw PipelineError(
            .badConfiguration,
            "the database lacks \(missing.count) of Lathe's migrations, from \(first.name) on: run `lathe migrate`")
    }
}

extension PipelineConfiguration {
    func postgresConfiguration() -> PostgresConfiguration {
        var configuration = PostgresConfiguration(connectionString: database)
        configuration.applicationName = "lathe"
        return configuration
    }

    /// What can be known without a server.
    fileprivate func check() throws(PipelineError) {
        guard !workers.isEmpty else { throw PipelineError(.badConfiguration, "no worker is chosen") }
        guard uploadConcurrency > 0, processingConcurrency > 0 else {
            throw PipelineError(.badConfiguration, "a worker needs room for at least one job at once")
        }
        guard uploadPollInterval > .zero, processingPollInterval > .zero, drainTime >= .zero else {
            throw PipelineError(.badConfiguration, "poll intervals must be above zero")
        }
        guard FileManager.default.isWritableFile(atPath: workDirectory) else {
            throw PipelineError(
                .badConfiguration, "the work directory \(workDirectory) is missing or not writable (LATHE_WORK_DIR)")
        }
    }

    fileprivate func makeUploadRoots() throws(PipelineError) -> UploadRoots {
        guard !uploadRoots.isEmpty else {
            throw PipelineError(
                .badConfiguration,
                "no upload root is set: name the folders that local_path may lie in (LATHE_UPLOAD_ROOTS=/srv/uploads)")
        }
        for root in uploadRoots {
            var isDirectory: ObjCBool = false
            guard root.hasPrefix("/"), unsafe FileManager.default.fileExists(atPath: root, isDirectory: &isDirectory),
                isDirectory.boolValue
            else {
                throw PipelineError(
                    .badConfiguration, "the upload root \(root) is not a directory here (LATHE_UPLOAD_ROOTS)")
            }
        }
        return UploadRoots(uploadRoots)
    }

    package func makeSandbox(logger: Logger) throws(PipelineError) -> MediaSandbox {
        do {
            let executable = try MediaSandbox.locateExecutable(explicit: mediaExecutable.map { FilePath($0) })
            return MediaSandbox(executable: executable, logger: logger)
        } catch {
            throw PipelineError(.badConfiguration, error.message)
        }
    }
}

extension StorageConfiguration {
    package func makeStore() throws(PipelineError) -> any ObjectStore {
        do throws(ObjectStorageError) {
            switch try StorageLocation(parsing: url).kind {
            case .directory(let root):
                return try FileObjectStore(root: root, publicURL: publicURL)
            case .s3(let bucket, let prefix):
                guard let credentials else {
                    throw ObjectStorageError(
                        .invalidConfiguration,
                        "\(url) needs credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
                }
                let provider = try provider.map { name throws(ObjectStorageError) in
                    guard let provider = S3Provider(rawValue: name) else {
                        let known = S3Provider.allCases.map(\.rawValue).joined(separator: ", ")
                        throw ObjectStorageError(
                            .invalidConfiguration, "the storage provider \"\(name)\" is not one of \(known)")
                    }
                    return provider
                }
                return try S3ObjectStore(
                    S3Configuration(
                        bucket: bucket, prefix: prefix, endpoint: endpoint, region: region,
                        addressing: usesPathStyle.map { $0 ? .path : .virtualHost } ?? .automatic,
                        credentials: S3Credentials(
                            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey,
                            sessionToken: credentials.sessionToken),
                        publicURL: publicURL, provider: provider, connections: connections, partBytes: partBytes))
            }
        } catch {
            throw PipelineError(.badConfiguration, error.message)
        }
    }
}
