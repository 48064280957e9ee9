import Foundation
import Jobs
import Logging
import Migrations
import Pipeline
import Postgres
import ServiceLifecycle
import SystemPackage

/// The demo's course of events: it plays the application, runs the workers, and prints what came of it.
struct DemoRun: Service, CustomStringConvertible {
    let music: MusicFolder
    let storage: FilePath
    /// Connection string.
    let database: String
    let logger: Logger

    var description: String { "DemoRun(\(music.path))" }

    func run() async throws {
        let start = ContinuousClock.now
        let database = Database(
            PostgresConfiguration(connectionString: database), maximumConnections: 2, logger: logger)
        try await Migrator(database: database, migrations: Migrations.all, logger: logger).apply()
        let release = try await submit(to: database)
        Console.line("submitted \"\(music.release.title)\" with \(music.release.tracks.count) tracks and its cover")
        let wasCompleted = try await work(until: release, in: database)
        guard wasCompleted else {
            await database.close()
            throw CommandError(.workFailed, "stopped before the release was complete")
        }
        try await report(release, from: database, took: start.duration(to: .now))
        await database.close()
    }

    /// What the application does: rows for the artist, the release and its tracks, one upload job a file, and
    /// PROCESSING.
    private func submit(to database: Database) async throws -> UUID {
        try await database.transaction { [music] transaction in
            let album = music.release
            let artist: UUID = try transaction.query(
                """
                INSERT INTO users (email, password_hash, artist_name)
                VALUES ('artist@example.org', '-', \(album.artist)) RETURNING id
                """
            ).single().decode("id")
            let release: UUID = try transaction.query(
                """
                INSERT INTO releases (artist_id, title, genre, status)
                VALUES (\(artist), \(album.title), \(album.genre), 'PROCESSING') RETURNING id
                """
            ).single().decode("id")
            for (index, track) in album.tracks.enumerated() {
                let id: UUID = try transaction.query(
                    """
                    INSERT INTO tracks (release_id, title, isrc, audio_file_url, duration_seconds, track_order)
                    VALUES (\(release), \(track.title), \(track.isrc), '', 1, \(index + 1)) RETURNING id
                    """
                ).single().decode("id")
                try enqueue("AUDIO", track.file, for: id, in: transaction)
            }
            try enqueue("COVER_ART", album.cover, for: release, in: transaction)
            return release
        }
    }

    private func enqueue(
        _ type: String, _ file: String, for target: UUID, in transaction: borrowing Transaction
    ) throws(PostgresError) {
        try transaction.execute(
            """
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status)
            VALUES (\(target), \(type), \(music.path.appending(file).string), 'PENDING')
            """)
    }

    /// Runs both workers as services until the release has moved, or can move no more.
    /// - Returns: false if a signal stopped it.
    private func work(until release: UUID, in database: Database) async throws -> Bool {
        var configuration = PipelineConfiguration(
            database: self.database, storage: StorageConfiguration(url: "file://\(storage.string)"),
            uploadRoots: [music.path.string])
        // Nobody wants to wait for a poll in a demo; the workers' own intervals are 5 and 10 seconds.
        configuration.uploadPollInterval = .milliseconds(500)
        configuration.processingPollInterval = .milliseconds(500)
        let workers = try WorkerManager(configuration, logger: logger)
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await workers.run()
                return false
            }
            group.addTask { try await watch(release, in: database) }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    private func watch(_ release: UUID, in database: Database) async throws -> Bool {
        let catalogue = Catalogue(database: database)
        while true {
            guard let progress = try await catalogue.progress(of: .one(release)).first else { return false }
            let steps = Double(progress.uploadedCount + progress.renderedCount)
            Console.progress(progress.sentence, steps / Double(2 * max(progress.trackCount, 1)))
            if let failure = progress.failure { throw CommandError(.workFailed, failure) }
            if progress.status == "PENDING_REVIEW" { return true }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func report(_ release: UUID, from database: Database, took: Duration) async throws {
        let catalogue = Catalogue(database: database)
        guard let progress = try await catalogue.progress(of: .one(release)).first else { return }
        let tracks = try await catalogue.tracks(of: release)
        Console.line()
        Console.line("\(progress.title) — \(progress.artist ?? ""): \(progress.status)")
        Console.table(
            ["#", "TITLE", "LENGTH", "UPLOAD", "PROCESSING", "MP3", "FILE"],
            tracks.map { track in
                [
                    "\(track.order)", track.title, Readable.time(seconds: track.durationSeconds),
                    track.uploadSeconds.map(Readable.seconds) ?? "-",
                    track.processingSeconds.map(Readable.seconds) ?? "-",
                    track.renditionBytes.map(Readable.bytes) ?? "-",
                    track.renditionURL.flatMap { URL(string: $0)?.path } ?? "-",
                ]
            })
        Console.line()
        Console.line("all of it took \(Readable.seconds(took.seconds)); masters, cover and MP3s lie in \(storage)")
        if let first = tracks.first?.renditionURL.flatMap({ URL(string: $0)?.path }) {
            Console.line("listen:  ffplay -autoexit \(first)    (or mpg123, or any player)")
        }
    }
}
