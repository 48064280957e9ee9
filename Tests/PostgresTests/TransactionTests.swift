import TestSupport
import Testing

@testable import Postgres

struct TransactionTests {
    private struct Refused: Error, Equatable {}

    private func pool() async throws -> Database {
        let pool = try await TestDatabase.make().pool()
        try await pool.execute("CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        return pool
    }

    private func count(_ pool: Database) async throws -> Int {
        try await pool.query("SELECT count(*) FROM t").single().decode(0)
    }

    @Test func whatTheBodyDidIsThereAfterwardsAndItsValueIsReturned() async throws {
        let pool = try await pool()
        let sum = try await pool.transaction { transaction in
            try transaction.execute("INSERT INTO t VALUES (\(1)), (\(2))")
            return try transaction.query("SELECT sum(a) FROM t").single().decode(0, as: Int.self)
        }
        #expect(sum == 3)
        #expect(try await count(pool) == 2)
    }

    @Test func anErrorOfTheBodyUndoesEverythingAndIsPassedOn() async throws {
        let pool = try await pool()
        await #expect(throws: Refused()) {
            try await pool.transaction { transaction in
                try transaction.execute("INSERT INTO t VALUES (1)")
                throw Refused()
            }
        }
        #expect(try await count(pool) == 0)
    }

    @Test func anErrorThatTheBodySwallowedIsNotCommittedInSilence() async throws {
        let pool = try await pool()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction { transaction in
                try transaction.execute("INSERT INTO t VALUES (1)")
                _ = try? transaction.execute("SELECT 1/0")
            }
        }
        #expect(error?.sqlState == .inFailedTransaction)
        #expect(try await count(pool) == 0)
    }

    @Test func anErrorOfCommitIsThrown() async throws {
        let pool = try await pool()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction { try $0.execute("INSERT INTO t VALUES (7), (7)") }
        }
        #expect(error?.sqlState == .uniqueViolation)
        #expect(try await count(pool) == 0)
    }

    @Test func aSavepointUndoesOnlyItself() async throws {
        let pool = try await pool()
        try await pool.transaction { transaction in
            try transaction.execute("INSERT INTO t VALUES (1)")
            #expect(throws: PostgresError.self) {
                try transaction.savepoint { inner in
                    try inner.execute("INSERT INTO t VALUES (2)")
                    try inner.savepoint { try $0.execute("INSERT INTO t VALUES (3)") }
                    try inner.execute("SELECT 1/0")
                }
            }
            try transaction.execute("INSERT INTO t VALUES (4)")
        }
        let rows = try await pool.query("SELECT a FROM t ORDER BY a")
        #expect(try rows.map { try $0.decode(0, as: Int.self) } == [1, 4])
    }

    @Test func aConnectionLostInTheMiddleIsReportedAndNothingIsRepeated() async throws {
        let pool = try await pool()
        let runs = Counter()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.transaction { transaction in
                runs.add()
                try transaction.execute("INSERT INTO t VALUES (1)")
                try transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
        }
        #expect(error?.isConnectionFailure == true)
        #expect(error?.sqlState == .adminShutdown)
        #expect(runs.value == 1)
        #expect(try await count(pool) == 0)
    }

    @Test func aDeadlockIsASerializationFailure() async throws {
        let pool = try await pool()
        try await pool.execute("INSERT INTO t VALUES (1), (2)")
        let (first, second) = (Gate(), Gate())
        func lockBoth(_ one: Int, _ other: Int, _ mine: Gate, _ theirs: Gate) async -> PostgresError? {
            do {
                try await pool.withConnection { connection in
                    try await connection.execute("BEGIN")
                    try await connection.execute("UPDATE t SET a = a WHERE a = \(one)")
                    mine.open()
                    await theirs.wait()
                    try await connection.execute("UPDATE t SET a = a WHERE a = \(other)")
                    try await connection.execute("COMMIT")
                }
                return nil
            } catch { return error as? PostgresError }
        }
        async let one = lockBoth(1, 2, first, second)
        async let two = lockBoth(2, 1, second, first)
        let errors = await [one, two].compactMap { $0 }
        #expect(errors.count == 1)
        #expect(errors.first?.isSerializationFailure == true)
    }
}
