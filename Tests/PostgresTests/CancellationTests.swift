import Postgres
import PrivatePostgres
import TestSupport
import Testing

struct CancellationTests {
    /// Waits until a statement that contains `text` runs in this database.
    private func running(_ text: String, in database: TestDatabase) async throws {
        let observer = try await database.connect()
        try await eventually("\(text) runs") {
            let rows = try await observer.query(
                """
                SELECT 1 FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()
                    AND query LIKE \("%" + text + "%")
                """)
            return !rows.isEmpty
        }
    }

    @Test func aCancelledTaskStopsItsStatementOnTheServerAndTheConnectionGoesOn() async throws {
        let database = try await TestDatabase.make()
        let connection = try await database.connect()
        let task = Task { try await connection.query("SELECT pg_sleep(600)") }
        try await running("pg_sleep(600)", in: database)
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        for number in 0..<50 { #expect(try await connection.query("SELECT \(number)").single().decode(0) == number) }
    }

    @Test func aTaskCancelledBeforehandSendsNothing() async throws {
        let connection = try await TestDatabase.make().connect()
        try await connection.execute("CREATE TABLE t (a int)")
        let gate = Gate()
        let task = Task {
            await gate.wait()
            try await connection.execute("INSERT INTO t VALUES (1)")
        }
        task.cancel()
        gate.open()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(try await connection.query("SELECT 1 FROM t").isEmpty)
    }

    @Test func aCancelledTransactionIsRolledBack() async throws {
        let database = try await TestDatabase.make()
        let pool = database.pool(maximumConnections: 1)
        try await pool.execute("CREATE TABLE t (a int)")
        let later = Counter()
        let task = Task {
            try await pool.transaction { transaction in
                try transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? transaction.execute("SELECT pg_sleep(601)")
                let error = #expect(throws: PostgresError.self) { try transaction.execute("INSERT INTO t VALUES (2)") }
                #expect(error?.kind == .cancelled)
                later.add()
            }
        }
        try await running("pg_sleep(601)", in: database)
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(later.value == 1)
        #expect(try await pool.query("SELECT 1 FROM t").isEmpty)
    }

    @Test func aTimeoutOfTheServerIsNotTakenForACancellation() async throws {
        let connection = try await TestDatabase.make().connect()
        try await connection.execute("SET statement_timeout = '20ms'")
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(600)") }
        #expect(error?.kind == .server(.queryCanceled))
    }

    @Test func cancellationsThatRaceWithTheEndOfTheirStatementHitNoOther() async throws {
        let connection = try await TestDatabase.make().connect()
        for round in 0..<100 {
            let task = Task { try await connection.query("SELECT pg_sleep(\(Double(round % 5) / 5000))") }
            let canceller = Task { task.cancel() }
            _ = await (task.result, canceller.value)
            #expect(try await connection.query("SELECT \(round)").single().decode(0) == round)
        }
    }

    /// SIGSTOP on the server's processes stands for a network that swallows everything.
    @Test func anUnresponsiveServerHoldsUpNeitherConnectingNorCancelling() async throws {
        let database = try await TestDatabase.make(ownServer: true)
        let connection = try await database.connect()
        let observer = try await database.connect()
        let rows = try await observer.query(
            """
            SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int AS server,
                (SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()) AS session
            """)
        let processes: [Int32] = [try rows.single().decode("server"), try rows.single().decode("session")]
        let task = Task { try await connection.query("SELECT pg_sleep(602)") }
        try await running("pg_sleep(602)", in: database)
        for process in processes { #expect(send(.stop, to: process)) }
        defer { for process in processes { send(.resume, to: process) } }

        task.cancel()
        let cancelled = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(cancelled?.kind == .cancelled)
        #expect(!connection.isAlive)

        var configuration = database.configuration
        configuration.connectTimeout = .milliseconds(100)
        let refused = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(configuration, logger: TestDatabase.logger)
        }
        #expect(refused?.kind == .connectionFailed)
        #expect(refused?.message.contains("port \(database.server.port) failed: no answer within 0.1 seconds") == true)

        configuration.connectTimeout = .seconds(3600)
        let attempt = Task { [configuration] in
            try await PostgresConnection.connect(configuration, logger: TestDatabase.logger)
        }
        attempt.cancel()
        let abandoned = await #expect(throws: PostgresError.self) { try await attempt.value }
        #expect(abandoned?.kind == .cancelled)
    }
}
