import Foundation
import Jobs
import Logging
import Pipeline
import Postgres
import SystemPackage
import TestSupport

/// One host with everything a worker needs: a database of its own, an upload root, storage and a work directory.
final class Workbench: Sendable {
    let test: TestDatabase
    let database: Database
    let app: AppRows
    let catalogue: Catalogue
    /// The one upload root.
    let uploads: FilePath
    /// Where `file://` storage lies.
    let storage: FilePath
    let work: FilePath
    private let folder: FilePath

    init() async throws {
        test = try await TestDatabase.migrated()
        database = test.pool()
        app = AppRows(database)
        catalogue = Catalogue(database: database)
        folder = FilePath(FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path)
            .appending("lathe-workbench-\(UUID().uuidString)")
        uploads = folder.appending("uploads")
        storage = folder.appending("storage")
        work = folder.appending("work")
        for directory in [uploads, storage, work] {
            try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder.string)
    }

    var configuration: PipelineConfiguration {
        var configuration = PipelineConfiguration(
            database: test.connectionString, storage: StorageConfiguration(url: "file://\(storage)"),
            uploadRoots: [uploads.string])
        configuration.workDirectory = work.string
        configuration.mediaExecutable = RepositoryPaths.buildProducts.appending("lathe-media").string
        configuration.uploadPollInterval = .milliseconds(200)
        configuration.processingPollInterval = .milliseconds(200)
        return configuration
    }

    /// Copies a fixture into the upload root.
    /// - Returns: its path there.
    func upload(_ fixture: String, as name: String? = nil) throws -> String {
        let source = RepositoryPaths.fixtures.appending(FilePath(fixture).components)
        let target = uploads.appending(name ?? source.lastComponent?.string ?? fixture)
        try FileManager.default.copyItem(atPath: source.string, toPath: target.string)
        return target.string
    }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        let path = uploads.appending(name).string
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    /// Runs one poll of each worker and the jobs it claimed: one try a job.
    @discardableResult
    func poll() async throws -> JobWorker.Tally {
        try await WorkerManager(configuration, logger: TestDatabase.logger).run(.once)
    }

    /// Runs both workers until nothing is left whose time has come.
    @discardableResult
    func drain(
        _ change: (inout PipelineConfiguration) -> Void = { _ in }
    ) async throws -> JobWorker.Tally {
        var configuration = configuration
        change(&configuration)
        return try await WorkerManager(configuration, logger: TestDatabase.logger).run(.untilEmpty)
    }

    func uploadJob(_ id: UUID) async throws -> JobRecord? {
        try await JobQueue(table: .uploads, database: database).find(id)
    }

    func processingJob(of track: UUID) async throws -> JobRecord? {
        let row = try await database.query("SELECT id FROM processing_jobs WHERE track_id = \(track)").first
        guard let id: UUID = try row?.decode("id") else { return nil }
        return try await JobQueue(table: .processing, database: database).find(id)
    }

    func releaseStatus(_ id: UUID) async throws -> String {
        try await app.row("releases", id).decode("status")
    }
}
