import Logging
import Postgres
import Synchronization
package import SystemPackage

/// A Postgres cluster of our own in a temporary folder, listening on a loopback port with a random password.
///
/// It ends with this process, however this process ends, and takes its folder along.
package final class PrivatePostgres: Sendable {
    /// The loopback port; the same over ``stopServer()`` and ``startServer()``.
    package let port: Int
    private let password: String
    let folder: ClusterFolder
    private let programs: FilePath
    private let user: ServerUser
    private let options: [String]
    private let server: Mutex<ServerProcess?>

    private static let startLimit = Duration.seconds(60)

    /// Creates the cluster and starts it; takes about a second.
    /// - Parameters:
    ///   - parent: where the temporary folder goes; nil takes the system's temporary folder. The server's user must be
    ///     able to reach it.
    ///   - settings: server settings, such as `["max_connections": "200"]`.
    ///   - durable: false trades safety against a crash of the machine for speed, which tests and demos want.
    /// - Throws: ``PrivatePostgresError``.
    package static func start(
        in parent: FilePath? = nil, settings: [String: String] = [:], durable: Bool = false
    ) async throws -> PrivatePostgres {
        let programs = try await ServerPrograms.folder()
        let user = try ServerUser.current()
        var attempts = 0
        while true {
            let cluster = try PrivatePostgres(
                in: parent, settings: settings, durable: durable, programs: programs, user: user)
            do {
                try await cluster.startServer()
                return cluster
            } catch PrivatePostgresError.didNotStart(let lines) where lines.contains(portTaken) && attempts < 10 {
                attempts += 1
                await cluster.stop()
            } catch {
                await cluster.stop()
                throw error
            }
        }
    }

    private static let portTaken = "Address already in use"

    private init(
        in parent: FilePath?, settings: [String: String], durable: Bool, programs: FilePath, user: ServerUser
    ) throws(PrivatePostgresError) {
        self.programs = programs
        self.user = user
        // Below the range the kernel gives to outgoing connections, so that only another server can hold it.
        port = .random(in: 20_000..<32_000)
        password = (0..<4).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
        var all = [
            "listen_addresses": "127.0.0.1", "port": "\(port)", "unix_socket_directories": "",
            "timezone": "UTC", "log_timezone": "UTC",
        ]
        if !durable { all.merge(["fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"]) { $1 } }
        all.merge(settings) { $1 }
        options = all.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        server = Mutex(nil)
        folder = try ClusterFolder(in: parent, for: user, password: password)
    }

    /// A URL for libpq, with the password.
    package func connectionString(database: String = "postgres") -> String {
        "postgresql://lathe:\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// Creates an empty database.
    /// - Throws: ``PostgresError``.
    package func createDatabase(named name: String) async throws {
        let connection = try await connect()
        try await connection.execute("CREATE DATABASE \(identifier: name)")
        await connection.close()
    }

    /// Starts the server again after ``stopServer()``. Returns when it accepts connections.
    /// - Throws: ``PrivatePostgresError``.
    package func startServer() async throws {
        let process = try ServerProcess(folder: folder.path, programs: programs, user: user, options: options)
        server.withLock { $0 = process }
        let deadline = ContinuousClock.now + Self.startLimit
        while true {
            do throws(PostgresError) {
                return await (try connect()).close()
            } catch {
                guard error.kind != .cancelled else { throw error }
                guard !process.hasEnded else {
                    throw PrivatePostgresError.didNotStart(lastLines: folder.lastLogLines())
                }
                guard ContinuousClock.now < deadline else {
                    throw PrivatePostgresError.unreachable(after: Self.startLimit)
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Stops the server and keeps its data: an outage. Sessions are disconnected. Returns when the server is gone.
    package func stopServer() async {
        let process = server.withLock { $0.take() }
        await process?.stop()
    }

    /// Stops the server and starts it again, on the same port with the same data.
    /// - Throws: ``PrivatePostgresError``.
    package func restart() async throws {
        await stopServer()
        try await startServer()
    }

    /// Stops the server and removes the folder.
    package func stop() async {
        await stopServer()
        await folder.remove()
    }

    private func connect() async throws(PostgresError) -> PostgresConnection {
        try await PostgresConnection.connect(
            PostgresConfiguration(connectionString: connectionString()),
            logger: Logger(label: "private-postgres", factory: { _ in SwiftLogNoOpLogHandler() }))
    }
}
