import Foundation
import Migrations
import Postgres
import Synchronization
import TestSupport
import Testing

/// `lathe migrate` on the app's live database.
struct AdoptionTests {
    /// Everything the app owns, one line each: columns with type, default and nullability, constraints, indexes,
    /// triggers, enum labels, functions.
    private func belongings(_ stage: Stage) async throws -> Set<String> {
        let lines: [String] = try await stage.value(
            """
            SELECT array_agg(line) FROM (
                SELECT concat_ws(' ', 'column', table_name, column_name, ordinal_position, data_type, udt_name,
                    character_maximum_length, column_default, is_nullable) AS line
                FROM information_schema.columns WHERE table_schema = 'public'
                UNION ALL
                SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
                FROM pg_constraint WHERE connamespace = 'public'::regnamespace
                UNION ALL
                SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
                UNION ALL
                SELECT concat_ws(' ', 'trigger', tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger
                WHERE NOT tgisinternal
                UNION ALL
                SELECT concat_ws(' ', 'label', enumtypid::regtype, enumlabel, enumsortorder) FROM pg_enum
                UNION ALL
                SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc
                WHERE pronamespace = 'public'::regnamespace
            ) AS lines
            """)
        return Set(lines)
    }

    private static let tables = ["users", "releases", "tracks", "password_reset_tokens", "upload_jobs", "migrations"]

    private func copyRows(_ stage: Stage) async throws {
        try await stage.database.execute("CREATE SCHEMA kept")
        for table in Self.tables {
            try await stage.database.execute(
                "CREATE TABLE kept.\(identifier: table) AS SELECT * FROM public.\(identifier: table)")
        }
    }

    /// Rows of a table that are not there any more as they were in the columns they had.
    private func changedRows(of table: String, _ stage: Stage) async throws -> Int {
        try await stage.value(
            """
            SELECT count(*) FROM kept.\(identifier: table) AS before WHERE NOT EXISTS (
                SELECT 1 FROM public.\(identifier: table) AS after WHERE to_jsonb(after) @> to_jsonb(before))
            """)
    }

    @Test func nothingOfTheAppsIsTouchedWhileTwoHostsMigrateUnderItsInserts() async throws {
        let stage = try await Stage(isMigrated: false)
        try await AppDatabase.create(in: stage.test)
        try await copyRows(stage)
        let before = try await belongings(stage)

        let inserts = Inserts()
        async let inserting: Void = inserts.run(in: stage.test)
        try await eventually("the app inserts") { inserts.count > 0 }
        async let first = stage.lathe("migrate")
        async let second = stage.lathe("migrate")
        let outcomes = [try await first, try await second]
        inserts.stop()
        try await inserting

        for outcome in outcomes { #expect(outcome.status == .exited(0), "\(outcome.error)") }
        for migration in Migrations.all {
            #expect(outcomes.count { $0.output.contains(migration.name) } == 1, "\(migration.name) ran once")
        }
        #expect(before.subtracting(try await belongings(stage)) == [])
        for table in Self.tables { #expect(try await changedRows(of: table, stage) == 0, "rows of \(table)") }
        #expect(try await stage.value("SELECT count(*) FROM migrations", as: Int.self) == 2)
        #expect(
            try await stage.value("SELECT count(*) FROM upload_jobs WHERE local_path = 'live'", as: Int.self)
                == inserts.count)
        // The migrator gives way after two seconds behind a lock; what waits behind it waits no longer.
        #expect(inserts.longest < .seconds(4))
        #expect(
            try await stage.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid", as: Int.self) == 0)
    }

    @Test func theAppsInsertIsCarriedOutAsItStands() async throws {
        let stage = try await Stage(isMigrated: false)
        try await AppDatabase.create(in: stage.test)
        #expect(try await stage.lathe("migrate").status == .exited(0))
        // What the app left PENDING long ago has no file here.
        try await stage.database.execute("DELETE FROM upload_jobs")
        let connection = try await stage.test.connect()
        try await AppDatabase.queueUpload(
            on: connection, path: try Tone(count: 90_000).write(to: stage.masters.file("one.wav")))
        try await connection.execute("UPDATE releases SET status = 'PROCESSING' WHERE title = 'Night'")
        await connection.close()

        let outcome = try await stage.lathe("work", "--drain")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(
            try await stage.value("SELECT status::text FROM releases WHERE title = 'Night'") == "PENDING_REVIEW")
        #expect(try await stage.value("SELECT duration_seconds FROM tracks", as: Int.self) == 2)
        #expect(try await stage.value("SELECT updated_at > created_at FROM upload_jobs", as: Bool.self))
    }
}

/// The app at work in a session of its own: one upload job after the other, each timed.
private final class Inserts: Sendable {
    private struct State {
        var count = 0
        var longest: Duration = .zero
        var isStopped = false
    }

    private let state = Mutex(State())

    var count: Int { state.withLock(\.count) }
    var longest: Duration { state.withLock(\.longest) }
    func stop() { state.withLock { $0.isStopped = true } }

    func run(in test: TestDatabase) async throws {
        let connection = try await test.connect()
        while !state.withLock(\.isStopped) {
            let start = ContinuousClock.now
            try await AppDatabase.queueUpload(on: connection, path: "live")
            let took = start.duration(to: .now)
            state.withLock {
                $0.count += 1
                $0.longest = max($0.longest, took)
            }
        }
        await connection.close()
    }
}
