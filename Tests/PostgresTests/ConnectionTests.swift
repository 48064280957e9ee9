import Postgres
import TestSupport
import Testing

@Test func aQueryReturnsItsRow() async throws {
    let database = try await TestDatabase.make()
    let connection = try await database.connect()
    #expect(try await connection.query("SELECT \(41) + 1 AS n").single().decode("n") == 42)
}
