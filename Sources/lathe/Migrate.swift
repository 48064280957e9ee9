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
            Console.table(
                ["MIGRATION", "STATE", "NAME"],
                try await migrator.status().map { ["\($0.version)", "\($0.state)", $0.name] })
        } else if dryRun {
            for planned in try await migrator.plan() {
                Console.line("-- \(planned.name)\n\(planned.sql)")
            }
        } else {
            let applied = try await migrator.apply { Console.line("running \($0.version) \($0.name)") }
            Console.line(
                applied.isEmpty
                    ? "nothing to do: all \(Migrations.all.count) migrations are applied"
                    : "applied \(applied.count) of \(Migrations.all.count) migrations")
        }
        await database.close()
    }
}
