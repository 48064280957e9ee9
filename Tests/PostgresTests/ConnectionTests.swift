import Foundation
import Glibc
import Logging
import PrivatePostgres
import Synchronization
import TestSupport
import Testing

@testable import Postgres

struct ConnectionTests {
    private func refusal(_ configuration: PostgresConfiguration) async -> PostgresError? {
        await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(configuration, logger: TestDatabase.logger)
        }
    }

    @Test func connectionsThatFollowOneAnotherShareAThreadWithTasks() async throws {
        let database = try await TestDatabase.make()
        let thread = try ConnectionThread.started()
        let taskThread = await withTaskGroup(of: UInt.self) { group in
            group.addTask(executorPreference: thread) { pthread_self() }
            return await group.next()
        }
        for _ in 0..<2 {
            let connection = try await PostgresConnection.connect(
                database.configuration, on: thread, logger: TestDatabase.logger)
            let ownThread = try await connection.transaction { _ in pthread_self() }
            #expect(ownThread == taskThread)
            await connection.close()
        }
        thread.stop()
    }

    @Test func aServerThatIsNotThereIsNamedWithHostAndPort() async throws {
        let error = await refusal(PostgresConfiguration(connectionString: "postgresql://u:hunter2@127.0.0.1:1/db"))
        #expect(error?.kind == .connectionFailed)
        #expect(error?.isConnectionFailure == true)
        let text = error?.description ?? ""
        #expect(text.contains("127.0.0.1") && text.contains("port 1 ") && !text.contains("\n"), "\(text)")
        #expect(!text.contains("hunter2"))
    }

    @Test func aWrongPasswordIsNoOutage() async throws {
        let database = try await TestDatabase.make()
        let error = await refusal(
            PostgresConfiguration(
                parameters: [
                    "host": "127.0.0.1", "port": "\(database.server.port)", "user": "lathe", "password": "hunter2",
                    "dbname": database.name,
                ]))
        #expect(error?.kind == .connectionFailed)
        #expect(error?.sqlState == .invalidPassword)
        #expect(error?.isConnectionFailure == false)
        #expect(error?.description.contains("hunter2") == false)
        #expect(error?.description.contains("LOCATION") == false)
    }

    @Test func anUnknownDatabaseIsNoOutage() async throws {
        let server = try await TestDatabase.make().server
        let error = await refusal(
            PostgresConfiguration(connectionString: server.connectionString(database: "nowhere")))
        #expect(error?.sqlState == .unknownDatabase)
        #expect(error?.message.contains("database \"nowhere\" does not exist") == true)
        #expect(error?.isConnectionFailure == false)
    }

    @Test(arguments: [
        "postgresql://user:hunter2 x@host/db", "postgresql://user:hunter2@[::1/db", "host=h password=hunter2 'x",
        "postgresql://user:x@hunter2@host/db", "postgresql://user@host:hunter2/db", "password=hunter2 hunter2",
        "postgresql://u:hunter2@h/db?hunter2=1",
    ])
    func anUnreadableConnectionStringIsRefusedWithoutQuotingIt(text: String) async throws {
        let configuration = PostgresConfiguration(connectionString: text)
        let error = await refusal(configuration)
        #expect(error?.description.contains("hunter2") == false, "\(error?.description ?? "")")
        #expect(!"\(configuration)".contains("hunter2"))
    }

    @Test func descriptionsOfConfigurationsHideThePassword() {
        let url = PostgresConfiguration(
            connectionString: "postgresql://user:hunter2@db.example:5433/music?sslmode=require")
        #expect("\(url)" == "user=user dbname=music host=db.example port=5433 sslmode=require")
        let parameters = PostgresConfiguration(parameters: ["host": "h", "password": "hunter2", "user": "u"])
        for text in ["\(parameters)", String(reflecting: parameters), String(reflecting: url)] {
            #expect(!text.contains("hunter2"))
        }
    }

    @Test func theApplicationNameIsSeenByTheServer() async throws {
        var configuration = try await TestDatabase.make().configuration
        configuration.applicationName = "lathe work"
        let connection = try await PostgresConnection.connect(configuration, logger: TestDatabase.logger)
        #expect(try await connection.query("SHOW application_name").single().decode(0) == "lathe work")
    }

    @Test(arguments: [
        ("SELEC 1", SQLState.syntaxError), ("SELECT * FROM nowhere", .undefinedTable),
        ("SELECT nothing", .undefinedColumn),
        ("SELECT 'x'::int", .invalidTextRepresentation), ("SELECT 1; SELECT 2", .syntaxError),
    ])
    func aRefusedStatementCarriesItsStateAndLeavesTheConnectionUsable(sql: String, state: SQLState) async throws {
        let connection = try await TestDatabase.make().connect()
        let error = await #expect(throws: PostgresError.self) { try await connection.query(SQL(unsafeRaw: sql)) }
        #expect(error?.kind == .server(state))
        #expect(error?.description.contains(state.rawValue) == true)
        #expect(try await connection.query("SELECT 1").single().decode(0) == 1)
    }

    @Test func aViolatedConstraintIsNamedAndTheRowIsNotInTheDescription() async throws {
        let connection = try await TestDatabase.make().connect()
        try await connection.execute("CREATE TABLE t (a text CONSTRAINT only_once UNIQUE)")
        try await connection.execute("INSERT INTO t VALUES ('private')")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.execute("INSERT INTO t VALUES (\("private"))")
        }
        #expect(error?.sqlState == .uniqueViolation)
        #expect(error?.constraint == "only_once")
        #expect(error?.detail?.contains("private") == true)
        #expect(error?.description.contains("private") == false)
    }

    @Test func aScriptRunsAllOrNothing() async throws {
        let connection = try await TestDatabase.make().connect()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.runScript(
                "CREATE TABLE t (a int); INSERT INTO t VALUES (1); SELECT 1/0; SELECT nothing")
        }
        #expect(error?.message == "division by zero")
        #expect(try await connection.query("SELECT to_regclass('t') IS NULL").single().decode(0) == true)
        try await connection.runScript("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2);")
        #expect(try await connection.query("SELECT count(*) FROM t").single().decode(0) == 2)
    }

    @Test(arguments: ["COPY (SELECT 1) TO STDOUT", "COPY t FROM STDIN"])
    func copyIsRefusedInsteadOfHanging(sql: String) async throws {
        let connection = try await TestDatabase.make().connect()
        try await connection.execute("CREATE TABLE t (a int)")
        let error = await #expect(throws: PostgresError.self) { try await connection.query(SQL(unsafeRaw: sql)) }
        #expect(error?.message.contains("COPY") == true)
        #expect(!connection.isAlive)
    }

    @Test func noticesGoToTheLogger() async throws {
        let recorder = LogRecorder()
        let database = try await TestDatabase.make()
        let connection = try await PostgresConnection.connect(database.configuration, logger: recorder.logger)
        try await connection.execute("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$")
        #expect(recorder.lines.contains("debug Postgres notice: mind the gap"))
    }

    @Test func resultsLargerThanTheSocketsBuffersArriveWhole() async throws {
        let connection = try await TestDatabase.make().connect()
        let rows = try await connection.query("SELECT repeat('x', 100000) AS t FROM generate_series(1, 200)")
        #expect(rows.count == 200)
        #expect(try rows.allSatisfy { try $0.decode("t", as: String.self).utf8.count == 100_000 })
    }

    @Test func aNotificationReachesAnIdleListener() async throws {
        let database = try await TestDatabase.make()
        let listener = try await database.connect()
        try await listener.listen(to: "Jobs \"waiting\"")
        let sender = try await database.connect()
        for payload in ["", "second"] {
            try await sender.execute("SELECT pg_notify(\("Jobs \"waiting\""), \(payload))")
        }
        var received = listener.notifications.makeAsyncIterator()
        let first = await received.next()
        #expect(first?.channel == "Jobs \"waiting\"")
        #expect(first?.payload.isEmpty == true)
        #expect(await received.next()?.payload == "second")
        await listener.close()
        #expect(await received.next() == nil)
    }

    @Test func aNotificationArrivesWithTheNextStatementToo() async throws {
        let connection = try await TestDatabase.make().connect()
        try await connection.listen(to: "own")
        try await connection.execute("NOTIFY own, 'to myself'")
        var received = connection.notifications.makeAsyncIterator()
        #expect(await received.next()?.payload == "to myself")
    }

    @Test func anIdleListenerLearnsThatItsServerIsGone() async throws {
        let database = try await TestDatabase.make()
        let listener = try await database.connect()
        try await listener.listen(to: "bell")
        let pid = try await listener.query("SELECT pg_backend_pid()").single().decode(0, as: Int.self)
        try await database.connect().execute("SELECT pg_terminate_backend(\(pid)::int)")
        for await _ in listener.notifications {}
        #expect(!listener.isAlive)
        let error = await #expect(throws: PostgresError.self) { try await listener.query("SELECT 1") }
        #expect(error?.kind == .connectionLost)
    }

    @Test func aStatementsLostConnectionNamesTheServer() async throws {
        let connection = try await TestDatabase.make().connect()
        let error = await #expect(throws: PostgresError.self) {
            try await connection.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)")
        }
        #expect(error?.isConnectionFailure == true)
        #expect(error?.message.hasPrefix("the database server at \"127.0.0.1\", port ") == true)
    }

    @Test func aClosedConnectionSaysSo() async throws {
        let connection = try await TestDatabase.make().connect()
        await connection.close()
        await connection.close()
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
        #expect(error?.kind == .closed)
    }

    @Test func aConnectionThatIsLetGoLeavesNeitherThreadNorSession() async throws {
        let database = try await TestDatabase.make()
        var connection: PostgresConnection? = try await database.connect()
        let thread = try #require(try await connection?.transaction { _ in try currentThreadFolder() })
        let name = try String(contentsOfFile: thread + "/comm", encoding: .utf8)
        #expect(name == "lathe-postgres\n")
        connection = nil
        try await eventually("the thread ends") { !FileManager.default.fileExists(atPath: thread) }
        try await database.expectSessions(0)
    }
}

/// `/proc/PID/task/TID` of the calling thread.
private func currentThreadFolder() throws -> String {
    "/proc/" + (try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self"))
}

extension TestDatabase {
    /// Waits until the server counts so many sessions in this database.
    func expectSessions(_ count: Int) async throws {
        let observer = try await PostgresConnection.connect(
            PostgresConfiguration(connectionString: server.connectionString()), logger: Self.logger)
        try await eventually("\(count) sessions") {
            let rows = try await observer.query("SELECT count(*) FROM pg_stat_activity WHERE datname = \(name)")
            return try rows.single().decode(0) == count
        }
    }
}
