import Foundation
import Postgres
import TestSupport

/// What a worker needs: a migrated database with the app's rows, a folder of masters, and storage in another folder.
struct Stage: Sendable {
    let test: TestDatabase
    let database: Database
    let rows: AppRows
    /// Holds the masters; it is the only upload root.
    let masters: ScratchFolder
    let storage: ScratchFolder
    /// Where the commands run.
    let folder: ScratchFolder
    /// Every setting a worker needs, with polls that keep a test short.
    var environment: [String: String]

    init(isMigrated: Bool = true, ownServer: Bool = false) async throws {
        test =
            isMigrated
            ? try await TestDatabase.migrated(ownServer: ownServer) : try await TestDatabase.make(ownServer: ownServer)
        database = test.pool(maximumConnections: 2)
        rows = AppRows(database)
        masters = try ScratchFolder()
        storage = try ScratchFolder()
        folder = try ScratchFolder()
        environment = [
            "DATABASE_URL": test.connectionString, "LATHE_STORAGE_URL": "file://\(storage.path)",
            "LATHE_UPLOAD_ROOTS": masters.path, "LATHE_UPLOAD_POLL_SECONDS": "0.1",
            "LATHE_PROCESSING_POLL_SECONDS": "0.1",
        ]
    }

    /// Runs a command with the stage's settings, some of them replaced.
    func lathe(_ arguments: String..., settings: [String: String] = [:], as user: String? = nil) async throws
        -> Lathe.Outcome
    {
        try await Lathe.run(arguments, environment: environment.merging(settings) { $1 }, in: folder, as: user)
    }

    /// Runs `lathe work` with further arguments and settings, and does something meanwhile.
    func work<Result: Sendable>(
        _ arguments: [String] = [], settings: [String: String] = [:], limit: Duration = .seconds(90),
        meanwhile body: @escaping @Sendable (RunningLathe) async throws -> Result
    ) async throws -> (outcome: Lathe.Outcome, result: Result) {
        try await Lathe.run(
            ["work"] + arguments, environment: environment.merging(settings) { $1 }, in: folder, limit: limit,
            meanwhile: body)
    }

    /// A PROCESSING release with one upload job a master: what the app has written when an artist submits.
    /// - Parameter lengths: of the tracks, in samples.
    func submittedRelease(lengths: [Int]) async throws -> (id: UUID, tracks: [UUID]) {
        let release = try await rows.release(status: "PROCESSING", tracks: lengths.indices.map { "Track \($0 + 1)" })
        for (track, length) in zip(release.tracks, lengths) {
            let name = "\(track.uuidString).wav"
            _ = try await rows.upload(try Tone(count: length).write(to: masters.file(name)), to: track)
        }
        return release
    }

    /// A single value of the database.
    func value<T: PostgresDecodable>(_ sql: SQL, as type: T.Type = T.self) async throws -> T {
        try await database.query(sql).single().decode(0)
    }

    func status(ofRelease id: UUID) async throws -> String {
        try await value("SELECT status::text FROM releases WHERE id = \(id)")
    }

    /// Waits until a release is PENDING_REVIEW.
    func reviewable(_ release: UUID, within limit: Duration = .seconds(60)) async throws {
        try await eventually("the release is PENDING_REVIEW", within: limit) {
            try await status(ofRelease: release) == "PENDING_REVIEW"
        }
    }

    /// Waits until a track's processing job runs.
    func isBeingProcessed(_ track: UUID) async throws {
        try await eventually("the track is being processed") {
            try await value(
                "SELECT count(*) FROM processing_jobs WHERE track_id = \(track) AND status = 'PROCESSING'", as: Int.self
            )
                == 1
        }
    }
}
