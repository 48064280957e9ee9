import TestSupport
import Testing

@testable import Postgres

struct MigratorTests {
    private static let migrations = [
        Migration(version: 1, name: "tables", sql: "CREATE TABLE t (a int);\nCREATE TABLE u (note text DEFAULT ';');"),
        Migration(version: 2, name: "rows", sql: "INSERT INTO t SELECT generate_series(1, 1000);"),
        Migration(
            version: 3, name: "index",
            sql:
                "-- lathe: no transaction\n-- Builds ON the side.\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_a ON t (a)"
        ),
        Migration(
            version: 4, name: "function", sql: "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;"),
    ]

    private func migrator(
        _ pool: Database, _ migrations: [Migration] = Self.migrations, policy: Migrator.Policy = .init(),
        recorder: LogRecorder = LogRecorder()
    ) -> Migrator {
        Migrator(database: pool, migrations: migrations, policy: policy, logger: recorder.logger)
    }

    private func indexIsValid(_ pool: Database) async throws -> Bool? {
        try await pool.query("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('t_a')").first?.decode(0)
    }

    @Test func everythingIsAppliedOnceInOrder() async throws {
        let pool = try await TestDatabase.make().pool()
        let seen = Recorder<Int>()
        let migrator = migrator(pool, Self.migrations.reversed())
        let applied = try await migrator.apply { seen.append($0.version) }
        #expect(applied.map(\.migration) == Self.migrations)
        #expect(seen.elements == [1, 2, 3, 4])
        #expect(try await migrator.apply().isEmpty)
        #expect(try await migrator.plan().isEmpty)
        #expect(try await pool.query("SELECT count(*) FROM t").single().decode(0) == 1000)
        #expect(try await indexIsValid(pool) == true)
        let status = try await migrator.status()
        #expect(status.map(\.state) == Array(repeating: .applied, count: 4))
        #expect(status.allSatisfy { $0.appliedAt != nil })
    }

    @Test func aPlanShowsTheSQLAndChangesNothing() async throws {
        let pool = try await TestDatabase.make().pool()
        #expect(try await migrator(pool).plan() == Self.migrations)
        #expect(try await migrator(pool).status().map(\.state) == Array(repeating: .pending, count: 4))
        #expect(try await pool.query("SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace").isEmpty)
        try await migrator(pool, Array(Self.migrations.prefix(2))).apply()
        #expect(try await migrator(pool).plan() == Array(Self.migrations.suffix(2)))
    }

    @Test func hostsThatMigrateAtOnceTakeTurns() async throws {
        let database = try await TestDatabase.make()
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 { group.addTask { try await migrator(database.pool()).apply().count } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(counts.sorted() == [0, 0, 0, 4])
        #expect(try await database.pool().query("SELECT count(*) FROM t").single().decode(0) == 1000)
    }

    @Test func anEditedMigrationIsRefused() async throws {
        let pool = try await TestDatabase.make().pool()
        try await migrator(pool).apply()
        var edited = Self.migrations
        edited[1] = Migration(version: 2, name: "rows", sql: edited[1].sql + " ")
        let error = await #expect(throws: MigrationError.self) { try await migrator(pool, edited).apply() }
        #expect(error?.description.hasPrefix("migration 2 (rows) was edited after it was applied") == true)
        await #expect(throws: MigrationError.self) { try await migrator(pool, edited).plan() }
        #expect(try await migrator(pool, edited).status()[1].state == .changed)
    }

    @Test func aMigrationThatFailsLeavesNothingAndTheEarlierOnesStay() async throws {
        let pool = try await TestDatabase.make().pool()
        let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE v (); SELECT 1/0;")
        let error = await #expect(throws: MigrationError.self) {
            try await migrator(pool, [Self.migrations[0], broken]).apply()
        }
        #expect(error?.description == "migration 2 (broken) failed: division by zero (SQLSTATE 22012)")
        let row = try await pool.query("SELECT to_regclass('t') IS NOT NULL AS t, to_regclass('v') IS NULL AS v")
            .single()
        #expect(try row.decode("t") == true)
        #expect(try row.decode("v") == true)
        #expect(try await migrator(pool).plan().map(\.version) == [2, 3, 4])
    }

    @Test func anIndexThatAnInterruptedRunLeftInvalidIsBuiltAgain() async throws {
        let pool = try await TestDatabase.make().pool()
        try await migrator(pool, Array(Self.migrations.prefix(2))).apply()
        try await pool.execute("INSERT INTO t VALUES (1)")
        await #expect(throws: MigrationError.self) { try await migrator(pool).apply() }
        #expect(try await indexIsValid(pool) == false)
        try await pool.execute("DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t WHERE a = 1)")
        let recorder = LogRecorder()
        #expect(try await migrator(pool, recorder: recorder).apply().count == 2)
        #expect(try await indexIsValid(pool) == true)
        #expect(recorder.lines.contains("info dropping index t_a, which an interrupted run left invalid"))
    }

    @Test func aLockedTableIsWaitedForWithoutQueueingOthersBehind() async throws {
        let database = try await TestDatabase.make()
        let pool = database.pool()
        try await pool.execute("CREATE TABLE busy (a int)")
        var policy = Migrator.Policy()
        policy.lockTimeout = .milliseconds(50)
        policy.firstPause = .milliseconds(10)
        policy.lockTries = 10_000
        let alter = [Migration(version: 1, name: "column", sql: "ALTER TABLE busy ADD COLUMN b int DEFAULT 0;")]
        let recorder = LogRecorder()
        let holder = try await database.connect()
        try await holder.execute("BEGIN")
        try await holder.execute("SELECT * FROM busy")
        let run = Task { [policy] in try await migrator(pool, alter, policy: policy, recorder: recorder).apply() }
        try await eventually("a try failed") { recorder.lines.contains { $0.contains("waits for locks, try 2") } }
        // Somebody else gets through while the migration keeps trying.
        #expect(try await pool.query("SELECT * FROM busy").isEmpty)
        try await holder.execute("COMMIT")
        #expect(try await run.value.count == 1)
    }

    @Test func aTableThatStaysLockedIsReported() async throws {
        let database = try await TestDatabase.make()
        let pool = database.pool()
        try await pool.execute("CREATE TABLE busy (a int)")
        var policy = Migrator.Policy()
        policy.lockTimeout = .milliseconds(5)
        policy.firstPause = .milliseconds(1)
        policy.lockTries = 3
        let holder = try await database.connect()
        try await holder.runScript("BEGIN; LOCK TABLE busy")
        let error = await #expect(throws: MigrationError.self) {
            try await migrator(
                pool, [Migration(version: 1, name: "column", sql: "ALTER TABLE busy ADD COLUMN b int;")], policy: policy
            ).apply()
        }
        #expect(error?.description.contains("could not lock its tables") == true)
    }

    @Test(arguments: ["COMMIT; CREATE TABLE x ();", "CREATE TABLE x (); COMMIT; BEGIN;", "ROLLBACK;"])
    func aScriptThatEndsTheTransactionIsRefused(sql: String) async throws {
        let pool = try await TestDatabase.make().pool()
        let error = await #expect(throws: MigrationError.self) {
            try await migrator(pool, [Migration(version: 1, name: "rude", sql: sql)]).apply()
        }
        #expect(error?.description.contains("leave the transaction to the migrator") == true)
        #expect(try await migrator(pool).status().first?.state == .pending)
    }

    @Test func aMigrationOutsideTransactionsIsOneStatement() async throws {
        let pool = try await TestDatabase.make().pool()
        let two = Migration(version: 1, name: "two", sql: "-- lathe: no transaction\nSELECT 1; SELECT 2;")
        let error = await #expect(throws: MigrationError.self) { try await migrator(pool, [two]).apply() }
        #expect(error?.description.contains("cannot insert multiple commands") == true)
    }

    @Test func aNewerVersionsMigrationsAreToleratedAndNamed() async throws {
        let pool = try await TestDatabase.make().pool()
        try await migrator(pool).apply()
        let recorder = LogRecorder()
        #expect(try await migrator(pool, Array(Self.migrations.prefix(3)), recorder: recorder).apply().isEmpty)
        #expect(recorder.lines.contains("warning migration 4 (function) was applied by a newer version of Lathe"))
    }

    @Test func twoMigrationsOfOneNumberAreRefused() async throws {
        let pool = try await TestDatabase.make().pool()
        let twice = [Self.migrations[0], Migration(version: 1, name: "other", sql: "SELECT 1")]
        let error = await #expect(throws: MigrationError.self) { try await migrator(pool, twice).plan() }
        #expect(error?.description == "two migrations have the number 1; renumber the newer one")
    }

    @Test func anUnreachableDatabaseIsSaidInOneLine() async {
        let pool = Database(
            PostgresConfiguration(connectionString: "postgresql://127.0.0.1:1/x"), logger: TestDatabase.logger)
        let error = await #expect(throws: MigrationError.self) { try await migrator(pool).status() }
        #expect(error?.description.contains("port 1 failed: Connection refused") == true)
    }

    @Test(arguments: ["0001_tables.sql", "12_a_b2.sql"])
    func fileNamesCarryNumberAndName(fileName: String) throws {
        let migration = try Migration(fileName: fileName, sql: "")
        #expect(fileName.hasSuffix("\(migration.version)_\(migration.name).sql"))
    }

    @Test(arguments: [
        "tables.sql", "0000_zero.sql", "0001-tables.sql", "0001_Tables.sql", "0001_tables.sql~", "",
        "99999999999999999999_x.sql",
    ])
    func otherFileNamesAreRefused(fileName: String) {
        #expect(throws: MigrationError.self) { try Migration(fileName: fileName, sql: "") }
    }

    @Test(arguments: [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", "i"),
        ("create unique index concurrently if not exists s.i on t (a)", "s.i"),
        ("-- CREATE INDEX CONCURRENTLY no ON t\nCREATE INDEX CONCURRENTLY\n  \"Odd name\" ON t (a)", "\"Odd name\""),
        ("CREATE INDEX i ON t (a)", nil), ("VACUUM t", nil),
    ])
    func theIndexOfAConcurrentBuildIsFound(sql: String, index: String?) {
        #expect(Migration(version: 1, name: "m", sql: sql).concurrentIndex == index)
    }
}
