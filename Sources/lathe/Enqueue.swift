public import ArgumentParser
public import Foundation
import Jobs
import Pipeline
import Postgres

struct Enqueue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Queue a master or a cover for upload.", subcommands: [Audio.self, Cover.self])

    struct Audio: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Queue the master of a track.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The track's id.") var track: UUID
        @Argument(help: "The master, inside the upload roots.") var file: String

        func run() async throws {
            try await enqueue("AUDIO", file, target: track, options) { catalogue in
                guard try await catalogue.trackExists(track) else {
                    throw CommandError(.workFailed, "there is no track \(track.lowercased)")
                }
            }
        }
    }

    struct Cover: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Queue the cover of a release.")

        @OptionGroup var options: SettingsOptions
        @Argument(help: "The release's id.") var release: UUID
        @Argument(help: "The picture, inside the upload roots.") var file: String

        func run() async throws {
            try await enqueue("COVER_ART", file, target: release, options) { catalogue in
                guard try await catalogue.releaseExists(release) else {
                    throw CommandError(.workFailed, "there is no release \(release.lowercased)")
                }
            }
        }
    }

    private static func enqueue(
        _ type: String, _ file: String, target: UUID, _ options: SettingsOptions,
        check: (Catalogue) async throws -> Void
    ) async throws {
        let path = URL(filePath: file).absoluteURL.path
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandError(.workFailed, "\(path) does not exist")
        }
        let database = try await Connected.database(options)
        try await check(Catalogue(database: database))
        let row = try await database.query(
            """
            INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status)
            VALUES (\(target), \(type), \(path), 'PENDING') RETURNING id
            """
        ).single()
        Console.line("\(try row.decode("id", as: UUID.self).lowercased)")
        await database.close()
    }
}

extension UUID: @retroactive ExpressibleByArgument {
    /// Any of the forms `uuidString` has, in either case.
    public init?(argument: String) {
        self.init(uuidString: argument)
    }
}
