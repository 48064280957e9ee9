import TestSupport
import Testing

@testable import Postgres

/// Behind PgBouncer, where the next transaction may run in another server process.
struct PoolerTests {
    /// A new server process for every transaction.
    private static let churn = ["default_pool_size": "2", "server_lifetime": "0"]

    @Test(arguments: [PgBouncer.PoolMode.transaction, .session])
    func aConnectionKnowsWhetherAPoolerStandsBetween(mode: PgBouncer.PoolMode) async throws {
        let test = try await TestDatabase.make()
        let pooler = try await PgBouncer.start(before: test, poolMode: mode)
        #expect(try await pooler.connect().isDirect() == false)
        #expect(try await test.connect().isDirect())
        await pooler.stop()
    }

    /// What Lathe must do without: this is what makes the other tests mean something.
    @Test func nothingThatBelongsToASessionOutlivesATransaction() async throws {
        let pooler = try await PgBouncer.start(before: try await TestDatabase.make(), settings: Self.churn)
        let connection = try await pooler.connect()
        try await connection.execute("PREPARE one AS SELECT 1")
        let error = await #expect(throws: PostgresError.self) { try await connection.query("EXECUTE one") }
        #expect(error?.message.contains("does not exist") == true)
        try await connection.listen(to: "bell")
        #expect(try await connection.query("SELECT pg_listening_channels()").isEmpty)
        try await connection.execute("SELECT pg_advisory_lock(1)")
        #expect(try await connection.query("SELECT pg_advisory_unlock(1)").single().decode(0) == false)
        await pooler.stop()
    }

    @Test func aPreparedStatementIsSentLikeAnyOther() async throws {
        let test = try await TestDatabase.make()
        let pooler = try await PgBouncer.start(before: test, settings: Self.churn)
        let pool = pooler.pool(maximumConnections: 4)
        let processes = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let sql: SQL = "SELECT \(number) AS n, pg_backend_pid() AS pid"
                    let row = try await pool.query(sql.prepared).single()
                    #expect(try row.decode("n") == number)
                    return try row.decode("pid")
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(processes.count > 2)
        #expect(try await pool.query("SELECT * FROM pg_prepared_statements").isEmpty)

        // The same statement, prepared where it can be.
        let direct = try await test.connect()
        let sql: SQL = "SELECT 'straight'"
        for _ in 0..<2 { _ = try await direct.query(sql.prepared) }
        let kept = try await direct.query("SELECT 1 FROM pg_prepared_statements WHERE statement LIKE '%straight%'")
        #expect(kept.count == 1)
        await pooler.stop()
    }

    @Test func aTransactionKeepsItsServerProcess() async throws {
        let pooler = try await PgBouncer.start(before: try await TestDatabase.make(), settings: Self.churn)
        let pool = pooler.pool(maximumConnections: 4)
        try await pool.execute("CREATE TABLE t (n int)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await pool.transaction { transaction in
                        let pid: SQL = "SELECT pg_backend_pid()"
                        let before: Int = try transaction.query(pid.prepared).single().decode(0)
                        try transaction.execute("INSERT INTO t VALUES (\(number))")
                        #expect(try transaction.query(pid.prepared).single().decode(0) == before)
                    }
                }
            }
            try await group.waitForAll()
        }
        await #expect(throws: CancellationError.self) {
            try await pool.transaction { transaction in
                try transaction.execute("INSERT INTO t VALUES (100)")
                throw CancellationError()
            }
        }
        #expect(try await pool.query("SELECT count(*) AS n FROM t").single().decode("n") == 20)
        await pooler.stop()
    }

    /// One server process, so that the next transaction would see what is left behind.
    @Test func aLimitOnLockWaitsEndsWithItsTransaction() async throws {
        let pooler = try await PgBouncer.start(
            before: try await TestDatabase.make(), settings: ["default_pool_size": "1"])
        let pool = pooler.pool(maximumConnections: 2)
        let setting: SQL = "SELECT current_setting('lock_timeout') AS lock_timeout, pg_backend_pid() AS pid"
        let limited = try await pool.transaction { transaction in
            try transaction.limitLockWait(to: .milliseconds(1234))
            return try transaction.query(setting).single()
        }
        #expect(try limited.decode("lock_timeout") == "1234ms")
        let next = try await pool.query(setting).single()
        #expect(try next.decode("pid", as: Int.self) == limited.decode("pid", as: Int.self))
        #expect(try next.decode("lock_timeout") == "0")
        await pooler.stop()
    }

    @Test func aCancelledStatementIsStoppedThroughThePooler() async throws {
        let test = try await TestDatabase.make()
        let pooler = try await PgBouncer.start(before: test)
        let pool = pooler.pool(maximumConnections: 1)
        let sleeper = Task { try await pool.query("SELECT pg_sleep(600)") }
        let observer = try await test.connect()
        let asleep: SQL = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'active' AND query LIKE 'SELECT pg_sleep%'
            """
        try await eventually("it sleeps") { try await observer.query(asleep).single().decode(0) == 1 }
        sleeper.cancel()
        let error = await #expect(throws: PostgresError.self) { try await sleeper.value }
        #expect(error?.kind == .cancelled)
        try await eventually("it is stopped") { try await observer.query(asleep).single().decode(0) == 0 }
        #expect(try await pool.query("SELECT 1").count == 1)
        await pooler.stop()
    }

    @Test func aPoolerThatGoesAndComesBackIsAnOutageUntilItDoes() async throws {
        let pooler = try await PgBouncer.start(before: try await TestDatabase.make())
        let pool = pooler.pool(maximumConnections: 2)
        #expect(try await pool.query("SELECT 1").count == 1)
        await pooler.stop()
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.isConnectionFailure == true)
        try await pooler.start()
        #expect(try await pool.query("SELECT 1").count == 1)
        await pooler.stop()
    }

    @Test(arguments: [PgBouncer.PoolMode.transaction, .session])
    func migratingIsRefusedAndLeavesNothing(mode: PgBouncer.PoolMode) async throws {
        let test = try await TestDatabase.make()
        let pooler = try await PgBouncer.start(before: test, poolMode: mode)
        let migrator = Migrator(
            database: pooler.pool(), migrations: [Migration(version: 1, name: "table", sql: "CREATE TABLE t ()")],
            logger: TestDatabase.logger)
        let error = await #expect(throws: MigrationError.self) { try await migrator.apply() }
        #expect(error?.description.contains("connect straight to the server") == true)
        let pool = test.pool()
        #expect(try await pool.query("SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace").isEmpty)
        // Looking changes nothing, and may.
        #expect(try await migrator.plan().count == 1)
        await pooler.stop()
    }
}
