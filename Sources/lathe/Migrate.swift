import ArgumentParser
import Migrations
import Pipeline
import Postgres

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create or adopt the database's tables.",
        discussion: """
            On an empty database it creates all of them; on the release manager's live one it only adds columns, tables \
            and indexes of its own. It may run from two hosts at once, and again at any time.
            """)

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Print the SQL that would run, and run nothing.")
    var dryRun = false

    @Flag(help: "Say which migrations are applied, and run nothing.")
    var status = false

    func run() async throws {
        let database = try await Connected.database(options)
        let logger = try await Settings(options).logger()
        let migrator = Migrator(database: database, migrations: Migrations.all, logger: logger)
        if status {
            for line in try await migrator.status() {
                Console.line("\(line)")
            }
        } else if dryRun {
            for planned in try await migrator.plan() {
                Console.line("-- \(planned.name)\n\(planned.sql)")
            }
        } else {
            let applied = try await migrator.apply { Console.line("applied \($0.name)") }
            if applied.isEmpty {
                Console.line("nothing to do: all \(Migrations.all.count) migrations are applied")
            }
        }
        await database.close()
    }
}
