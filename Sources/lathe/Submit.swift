import ArgumentParser
import Foundation
import Jobs
import Pipeline
import Postgres

struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hand a DRAFT or REJECTED release to the processing worker.")

    @OptionGroup var options: SettingsOptions
    @Argument(help: "The release's id.") var release: UUID

    func run() async throws {
        let database = try await Connected.database(options)
        let catalogue = Catalogue(database: database)
        let wasSubmitted = try await catalogue.submit(release)
        guard let progress = try await catalogue.progress(of: .one(release)).first else {
            throw CommandError(.workFailed, "there is no release \(release.lowercased)")
        }
        guard wasSubmitted else {
            throw CommandError(
                .workFailed,
                "release \(release.lowercased) is \(progress.status); only a DRAFT or REJECTED one is submitted")
        }
        Console.line("\(release.lowercased) is PROCESSING: \(progress.sentence)")
        await database.close()
    }
}
