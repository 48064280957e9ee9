import Foundation
import Glibc
package import Postgres
import PrivatePostgres
import Synchronization

/// A real PgBouncer of a test's own, on a free loopback port in front of a database's server. It goes when the test
/// lets go of it: stop it at the end.
package final class PgBouncer: Sendable {
    /// How long a client keeps a server process.
    package enum PoolMode: String, Sendable {
        /// For a transaction: what belongs to a session is lost, or left to the next client.
        case transaction
        /// Until it disconnects.
        case session
    }

    private let database: String
    private let port: UInt16
    private let directory: URL
    private let process = Mutex<ServerProcess?>(nil)

    /// Starts a pooler; it ends with this process at the latest.
    /// - Parameters:
    ///   - test: the database it stands before.
    ///   - settings: of the `[pgbouncer]` section, such as `["server_lifetime": "0"]`: a new server process for every
    ///     transaction.
    package static func start(
        before test: TestDatabase, poolMode: PoolMode = .transaction, settings: [String: String] = [:]
    ) async throws -> PgBouncer {
        let pooler = try PgBouncer(before: test, poolMode: poolMode, settings: settings)
        try await pooler.start()
        return pooler
    }

    private init(before test: TestDatabase, poolMode: PoolMode, settings: [String: String]) throws {
        database = test.name
        port = try LoopbackPort.free()
        directory = try ServerDirectory.make()
        guard let server = URLComponents(string: test.connectionString), let user = server.user,
            let password = server.password
        else { throw TestTools.Failure("the database's URL names no user and password") }
        var all = [
            "listen_addr": "127.0.0.1", "listen_port": "\(port)", "unix_socket_dir": "",
            // Whoever connects is let in, and becomes the one user named below.
            "auth_type": "any", "pool_mode": poolMode.rawValue, "default_pool_size": "4", "max_client_conn": "200",
            // A server that came back is found at once.
            "server_login_retry": "1",
        ]
        all.merge(settings) { $1 }
        let file = """
            [databases]
            * = host=127.0.0.1 port=\(test.server.port) user=\(user) password=\(password)
            [pgbouncer]
            \(all.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: "\n"))

            """
        try file.write(to: configuration, atomically: false, encoding: .utf8)
        guard geteuid() == 0 else { return }
        for path in [directory.path, configuration.path] {
            try FileManager.default.setAttributes([.ownerAccountName: Self.unprivilegedUser], ofItemAtPath: path)
        }
    }

    deinit {
        let process = process.withLock(\.self)
        let directory = directory
        Task {
            await process?.kill()
            try? FileManager.default.removeItem(at: directory)
        }
    }

    /// A URL for libpq. It has no password, because none is asked for.
    package var connectionString: String { "postgresql://lathe@127.0.0.1:\(port)/\(database)" }

    package var postgresConfiguration: PostgresConfiguration {
        PostgresConfiguration(connectionString: connectionString)
    }

    /// A pool of connections that go through it.
    package func pool(maximumConnections: Int = 4) -> Database {
        Database(postgresConfiguration, maximumConnections: maximumConnections, logger: TestDatabase.logger)
    }

    /// One connection through it.
    package func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(postgresConfiguration, logger: TestDatabase.logger)
    }

    /// Kills it: every client loses its connection, and new ones are refused.
    package func stop() async {
        let running = process.withLock { $0.take() }
        await running?.kill()
    }

    /// Starts it again after ``stop()``, on the same port. Returns when it accepts connections.
    package func start() async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else {
            throw TestTools.Failure("there is no \(Self.program): run scripts/install-dependencies --tests")
        }
        let started = try await ServerProcess(
            "/usr/bin/setpriv", Self.identity + [Self.program, configuration.path], environment: [:], log: log)
        process.withLock { $0 = started }
        let deadline = ContinuousClock.now + .seconds(60)
        while !LoopbackPort.accepts(port) {
            guard ContinuousClock.now < deadline else {
                let said = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                throw TestTools.Failure("pgbouncer does not listen on port \(port): \(said.suffix(2000))")
            }
            // It has no way to tell us; there is no event to wait for.
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private static let program = "/usr/sbin/pgbouncer"
    private static let unprivilegedUser = "postgres"

    /// PgBouncer refuses to run as root. The wish to die with the test process is forgotten when the user changes, so
    /// it is made again afterwards.
    private static var identity: [String] {
        let diesWithTest = ["--pdeathsig", "KILL"]
        guard geteuid() == 0 else { return diesWithTest }
        let user = ["--reuid", unprivilegedUser, "--regid", unprivilegedUser, "--clear-groups"]
        return user + ["/usr/bin/setpriv"] + diesWithTest
    }

    private var configuration: URL { directory.appendingPathComponent("pgbouncer.ini") }
    private var log: URL { directory.appendingPathComponent("log") }
}
