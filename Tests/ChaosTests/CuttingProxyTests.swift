import Postgres
import PrivatePostgres
import TestSupport
import Testing

/// The proxy's four moods, as a database connection meets them.
struct CuttingProxyTests {
    private let test: TestDatabase
    private let proxy: CuttingProxy

    init() async throws {
        test = try await TestDatabase.make()
        proxy = try CuttingProxy(to: UInt16(test.server.port))
    }

    private func connect(within limit: Duration = .seconds(20)) async throws -> PostgresConnection {
        let url = test.connectionString.replacing(":\(test.server.port)/", with: ":\(proxy.port)/")
        var configuration = PostgresConfiguration(connectionString: url)
        configuration.connectTimeout = limit
        return try await PostgresConnection.connect(configuration, logger: TestDatabase.logger)
    }

    private func answers(_ connection: PostgresConnection) async throws -> Bool {
        // More than any buffer on the way holds.
        try await connection.query(
            "SELECT length(\(String(repeating: "x", count: 3_000_000))) AS length, repeat('y', 3000000)"
        )
        .single().decode("length", as: Int.self) == 3_000_000
    }

    @Test func carriesWhatBothSidesSay() async throws {
        let (one, two) = (try await connect(), try await connect())
        #expect(try await answers(one))
        #expect(try await answers(two))
        await one.close()
        #expect(try await answers(two))
    }

    @Test(arguments: CuttingProxy.Cut.allCases)
    func cutsEveryConnectionAndTakesNewOnes(cut: CuttingProxy.Cut) async throws {
        let connections = [try await connect(), try await connect()]
        #expect(await proxy.cutAll(cut) == 2)
        for connection in connections {
            let error = await #expect(throws: PostgresError.self) { try await connection.execute("SELECT 1") }
            #expect(error?.isConnectionFailure == true)
        }
        #expect(try await answers(try await connect()))
    }

    @Test func refusesConnectionsAndKeepsThoseThereAre() async throws {
        let connection = try await connect()
        await proxy.set(.refusing)
        let error = await #expect(throws: PostgresError.self) { try await connect() }
        #expect(error?.message.contains("refused") == true, "\(String(describing: error))")
        #expect(try await answers(connection))
        await proxy.set(.forwarding)
        #expect(try await answers(try await connect()))
    }

    @Test func carriesNothingWhileItStallsAndLosesNothing() async throws {
        let connection = try await connect()
        await proxy.set(.stalling)
        await #expect(throws: PostgresError.self) { try await connect(within: .milliseconds(200)) }
        async let answer = answers(connection)
        await proxy.set(.forwarding)
        #expect(try await answer)
    }
}
