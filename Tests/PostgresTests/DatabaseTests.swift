import Foundation
import PrivatePostgres
import TestSupport
import Testing

@testable import Postgres

struct DatabaseTests {
    @Test func twoHundredQueriesShareFourConnections() async throws {
        let database = try await TestDatabase.make()
        let pool = database.pool(maximumConnections: 4)
        let seen = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for number in 0..<200 {
                group.addTask {
                    let row = try await pool.query("SELECT \(number) AS n, pg_backend_pid() AS pid").single()
                    return (try row.decode("n"), try row.decode("pid"))
                }
            }
            return try await group.reduce(into: [(Int, Int)]()) { $0.append($1) }
        }
        #expect(Set(seen.map(\.0)) == Set(0..<200))
        #expect(Set(seen.map(\.1)).count <= 4)
        #expect(pool.pool.waiting == 0)
        await pool.close()
        try await database.expectSessions(0)
    }

    @Test func waitersGetTheConnectionInTheOrderTheyAsked() async throws {
        let pool = try await TestDatabase.make().pool(maximumConnections: 1)
        let (held, release) = (Gate(), Gate())
        let order = Recorder<Int>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await pool.withConnection { _ in
                    held.open()
                    await release.wait()
                }
            }
            await held.wait()
            for number in 0..<20 {
                group.addTask { try await pool.withConnection { _ in order.append(number) } }
                try await eventually("\(number) waits") { pool.pool.waiting == number + 1 }
            }
            release.open()
            try await group.waitForAll()
        }
        #expect(order.elements == Array(0..<20))
    }

    @Test func waitingForAConnectionHasALimit() async throws {
        let pool = try await TestDatabase.make().pool(maximumConnections: 1, waitLimit: .milliseconds(20))
        try await pool.withConnection { _ in
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(error?.kind == .timedOut)
            #expect(error?.isConnectionFailure == false)
        }
        #expect(try await pool.query("SELECT 1").count == 1)
    }

    @Test func aCancelledWaiterLeavesTheQueueToTheOthers() async throws {
        let pool = try await TestDatabase.make().pool(maximumConnections: 1)
        let (held, release) = (Gate(), Gate())
        let holder = Task {
            try await pool.withConnection { _ in
                held.open()
                await release.wait()
            }
        }
        await held.wait()
        let waiter = Task { try await pool.query("SELECT 1") }
        try await eventually("one waits") { pool.pool.waiting == 1 }
        let next = Task { try await pool.query("SELECT 2").single().decode(0, as: Int.self) }
        try await eventually("two wait") { pool.pool.waiting == 2 }
        waiter.cancel()
        let error = await #expect(throws: PostgresError.self) { try await waiter.value }
        #expect(error?.kind == .cancelled)
        release.open()
        #expect(try await next.value == 2)
        try await holder.value
    }

    @Test func whatABorrowerLeftBehindIsUndone() async throws {
        let pool = try await TestDatabase.make().pool(maximumConnections: 1)
        try await pool.execute("CREATE TABLE t (a int)")
        try await pool.withConnection { connection in
            try await connection.execute("SET application_name = 'left behind'")
            try await connection.execute("SELECT pg_advisory_lock(1)")
            try await connection.listen(to: "bell")
            try await connection.execute("BEGIN")
            try await connection.execute("INSERT INTO t VALUES (1)")
        }
        #expect(try await pool.query("SHOW application_name").single().decode(0) == "lathe")
        let locks = try await pool.query(
            """
            SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
            WHERE locktype = 'advisory' AND datname = current_database()
            """)
        #expect(locks.isEmpty)
        #expect(try await pool.query("SELECT pg_listening_channels()").isEmpty)
        #expect(try await pool.query("SELECT 1 FROM t").isEmpty)
    }

    @Test func connectionsThatDiedInThePoolAreReplacedUnseen() async throws {
        let database = try await TestDatabase.make(ownServer: true)
        let pool = database.pool(maximumConnections: 3)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await pool.execute("SELECT pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        try await database.server.restart()
        for number in 0..<10 { #expect(try await pool.query("SELECT \(number)").single().decode(0) == number) }
        try await database.server.restart()
        #expect(try await pool.transaction { try $0.query("SELECT 1").single().decode(0, as: Int.self) } == 1)
    }

    @Test func anOutageIsAConnectionFailureUntilItEnds() async throws {
        let database = try await TestDatabase.make(ownServer: true)
        let pool = database.pool()
        try await pool.execute("CREATE TABLE t AS SELECT 42 AS a")
        await database.server.stopServer()
        for _ in 0..<3 {
            let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT a FROM t") }
            #expect(error?.isConnectionFailure == true)
            #expect(error?.kind == .connectionFailed)
        }
        try await database.server.startServer()
        #expect(try await pool.query("SELECT a FROM t").single().decode("a") == 42)
    }

    @Test func aStatementUnderWayWhenTheServerStopsIsNotRepeated() async throws {
        let database = try await TestDatabase.make(ownServer: true)
        let pool = database.pool(maximumConnections: 1)
        try await pool.execute("CREATE SEQUENCE runs")
        let task = Task { try await pool.query("SELECT nextval('runs'), pg_sleep(600)") }
        let observer = database.pool()
        try await eventually("it runs") {
            try await observer.query("SELECT is_called FROM runs").single().decode(0, as: Bool.self)
        }
        try await database.server.restart()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.isConnectionFailure == true)
        #expect(try await pool.query("SELECT last_value FROM runs").single().decode(0, as: Int.self) <= 33)
        #expect(
            try await pool.query(
                "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%nextval%' AND pid <> pg_backend_pid()"
            )
            .isEmpty)
    }

    @Test func aClosedPoolRefusesAndClosesWhatComesBack() async throws {
        let database = try await TestDatabase.make()
        let pool = database.pool(maximumConnections: 1)
        try await pool.withConnection { connection in
            let waiter = Task { try await pool.query("SELECT 1") }
            try await eventually("one waits") { pool.pool.waiting == 1 }
            await pool.close()
            let error = await #expect(throws: PostgresError.self) { try await waiter.value }
            #expect(error?.kind == .closed)
            #expect(try await connection.query("SELECT 1").count == 1)
        }
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.kind == .closed)
        try await database.expectSessions(0)
    }

    /// More statements than cores block on a lock; only a statement on the same cooperative pool can free it.
    @Test func statementsThatWaitDoNotOccupyTheCooperativePool() async throws {
        let database = try await TestDatabase.make()
        let blocked = ProcessInfo.processInfo.activeProcessorCount * 4
        let pool = database.pool(maximumConnections: blocked)
        let holder = try await database.connect()
        try await holder.execute("SELECT pg_advisory_lock(7)")
        let done = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<blocked {
                group.addTask {
                    if number.isMultiple(of: 2) {
                        try await pool.execute("SELECT pg_advisory_xact_lock_shared(7)")
                    } else {
                        try await pool.transaction { try $0.execute("SELECT pg_advisory_xact_lock_shared(7)") }
                    }
                    done.add()
                }
            }
            try await eventually("all of them wait for the lock") {
                let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = 7"
                let rows = try await holder.query(
                    "\(unsafeRaw: waiting) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
                return try rows.single().decode(0) == blocked
            }
            let unrelated = await withTaskGroup(of: Int.self) { group in
                for number in 0..<1000 {
                    group.addTask { @concurrent in
                        await Task.yield()
                        return number
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(unrelated == 499_500)
            #expect(done.value == 0)
            try await holder.execute("SELECT pg_advisory_unlock(7)")
            try await group.waitForAll()
        }
        #expect(done.value == blocked)
    }
}
