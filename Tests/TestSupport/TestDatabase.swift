import FoundationEssentials
package import Logging
package import Postgres
package import PrivatePostgres

/// A database of a test's own.
///
/// All tests of a process share one server, started when the first of them asks; it ends with the process. A database
/// is not dropped: it goes with the server.
package struct TestDatabase: Sendable {
    /// The server behind it. Stop it only where the test has its own.
    package let server: PrivatePostgres
    package let name: String

    /// A URL for libpq.
    package var connectionString: String { server.connectionString(database: name) }

    package var configuration: PostgresConfiguration { PostgresConfiguration(connectionString: connectionString) }

    /// Makes an empty database.
    /// - Parameter ownServer: true starts a server for this test alone, which it may stop and start; it ends when the
    ///   last reference to it goes.
    package static func make(ownServer: Bool = false) async throws -> TestDatabase {
        let server = ownServer ? try await PrivatePostgres.start() : try await shared.value
        let name = "test_\(UUID().uuidString.lowercased().replacing("-", with: ""))"
        try await server.createDatabase(named: name)
        return TestDatabase(server: server, name: name)
    }

    private static let shared = Task { try await PrivatePostgres.start(settings: ["max_connections": "400"]) }

    /// A pool on this database. Close it at the end of the test where its connections matter.
    package func pool(maximumConnections: Int = 4, waitLimit: Duration = .seconds(60)) -> Database {
        Database(configuration, maximumConnections: maximumConnections, waitLimit: waitLimit, logger: Self.logger)
    }

    /// One connection to this database.
    package func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(configuration, logger: Self.logger)
    }

    /// Writes nothing.
    package static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}
