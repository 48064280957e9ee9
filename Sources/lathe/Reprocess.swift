import ArgumentParser
import Foundation
import Jobs
import Pipeline
import Postgres

/// `lathe reprocess`.
struct ReprocessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprocess", abstract: "Queue the tracks of releases to be cut anew.",
        discussion: """
            The releases' status is not touched. Tracks without a master, or that run right now, are left alone.
            """)

    @OptionGroup var options: SettingsOptions
    @Option(help: "A release's id; may be given several times.") var release: [UUID] = []
    @Flag(help: "Say what would be queued, and queue nothing.") var dryRun = false

    func validate() throws {
        guard !release.isEmpty else { throw ValidationError("Name at least one release with --release.") }
    }

    func run() async throws {
        let database = try await Connected.database(options)
        let catalogue = Catalogue(database: database)
        let reprocess = Reprocess(database: database)
        for id in release where try await !catalogue.releaseExists(id) {
            throw CommandError(.workFailed, "there is no release \(id.lowercased); nothing was queued")
        }
        var total = 0
        for id in release {
            guard dryRun else {
                let queued = try await reprocess.queue(release: id)
                Console.line("\(id.lowercased): \(queued) tracks queued")
                total += queued
                continue
            }
            let items = try await reprocess.plan(release: id)
            for item in items {
                let note = item.isMissing ? "no master yet, left" : item.isRunning ? "runs right now, left" : "queued"
                Console.line("\(id.lowercased)  \(item.order)  \(item.title): \(note)")
            }
            total += items.count(where: \.isQueued)
        }
        Console.line(
            dryRun
                ? "\(Readable.count(total, "track")) would be queued"
                : "\(Readable.count(total, "track")) queued in \(Readable.count(release.count, "release"))")
        await database.close()
    }
}
