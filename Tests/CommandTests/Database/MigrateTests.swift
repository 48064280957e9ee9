import Foundation
import Migrations
import Postgres
import TestSupport
import Testing

struct MigrateTests {
    private func schema(of stage: Stage) async throws -> String {
        let dump = try await Tool.run("pg_dump", ["--dbname", stage.test.connectionString])
        // Newer versions guard the script with a random token.
        return String(decoding: dump, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict") }.joined(separator: "\n")
    }

    @Test func anEmptyDatabaseIsMigratedOnceAndThenLeftAlone() async throws {
        let stage = try await Stage(isMigrated: false)
        let first = try await stage.lathe("migrate")
        #expect(first.status == .exited(0))
        #expect(first.error == "")
        for migration in Migrations.all { #expect(first.output.contains(migration.name)) }
        let before = try await schema(of: stage)
        for table in ["users", "releases", "tracks", "upload_jobs", "processing_jobs", "renditions", "workers"] {
            #expect(before.contains("CREATE TABLE public.\(table) "))
        }

        let second = try await stage.lathe("migrate")
        #expect(second.status == .exited(0))
        #expect(second.outputLines == ["nothing to do: all \(Migrations.all.count) migrations are applied"])
        #expect(try await schema(of: stage) == before)
    }

    @Test func aDryRunPrintsTheSQLAndChangesNothing() async throws {
        let stage = try await Stage(isMigrated: false)
        try await AppDatabase.create(in: stage.test)
        let before = try await schema(of: stage)
        let outcome = try await stage.lathe("migrate", "--dry-run")
        #expect(outcome.status == .exited(0))
        for migration in Migrations.all {
            #expect(outcome.output.contains("-- \(migration.name)\n\(migration.sql)"))
        }
        #expect(try await schema(of: stage) == before)

        #expect(try await stage.lathe("migrate").status == .exited(0))
        let after = try await stage.lathe("migrate", "--dry-run")
        #expect(after.status == .exited(0))
        #expect(!after.output.contains("CREATE"))
    }

    @Test func theStatusNamesEveryMigrationAndWhetherItIsApplied() async throws {
        let stage = try await Stage(isMigrated: false)
        let before = try await stage.lathe("migrate", "--status")
        #expect(before.status == .exited(0))
        #expect(before.outputLines.count == Migrations.all.count + 1)
        for (line, migration) in zip(before.outputLines.dropFirst(), Migrations.all) {
            #expect(line.contains(migration.name) && line.contains("pending"), "\(line)")
        }
        #expect(try await stage.lathe("migrate").status == .exited(0))
        let after = try await stage.lathe("migrate", "--status")
        #expect(after.outputLines.count == Migrations.all.count + 1)
        for (line, migration) in zip(after.outputLines.dropFirst(), Migrations.all) {
            #expect(line.contains(migration.name) && line.contains("applied"), "\(line)")
        }
    }

    @Test func anotherProgramsDatabaseIsRefusedInOneLineAndNothingIsAdded() async throws {
        let stage = try await Stage(isMigrated: false)
        try await stage.database.execute("CREATE TABLE tracks (id serial PRIMARY KEY, gps_trace text NOT NULL)")
        let outcome = try await stage.lathe("migrate")
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.error.contains("not the release manager's"), "\(outcome.error)")
        #expect(outcome.error.contains("tracks.audio_file_url") && outcome.error.contains("DATABASE_URL"))
        #expect(!outcome.output.contains("applied"), "it says \(outcome.output)")
        let tables: [String] = try await stage.value(
            """
            SELECT array_agg(table_name::text ORDER BY 1) FROM information_schema.tables
            WHERE table_schema = 'public' AND table_name <> 'lathe_migrations'
            """)
        #expect(tables == ["tracks"])
    }

    @Test func aDatabaseThatCannotBeReachedIsNamed() async throws {
        let stage = try await Stage(isMigrated: false)
        let outcome = try await stage.lathe(
            "migrate", settings: ["DATABASE_URL": "postgres://me:hidden@127.0.0.1:1/app"])
        #expect(outcome.status == .exited(69))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.error.contains("127.0.0.1") && outcome.error.contains("port 1 "), "\(outcome.error)")
    }

    @Test func theAppsOwnVariablesNameTheDatabase() async throws {
        let stage = try await Stage(isMigrated: false)
        let url = try #require(URLComponents(string: stage.test.connectionString))
        let outcome = try await Lathe.run(
            ["migrate"],
            environment: [
                "DB_HOST": try #require(url.host), "DB_PORT": "\(try #require(url.port))",
                "DB_NAME": stage.test.name, "DB_USER": try #require(url.user),
                "DB_PASSWORD": try #require(url.password),
            ], in: stage.folder)
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(try await stage.value("SELECT count(*) FROM lathe_migrations") == Migrations.all.count)
    }
}
