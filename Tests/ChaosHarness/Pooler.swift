import Foundation
import SystemPackage
import TestSupport

/// pgbouncer in transaction pooling mode in front of a server.
actor Pooler {
    /// Debian puts it where only root's PATH looks.
    private static let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    static var isInstalled: Bool { program != nil }

    nonisolated let port: UInt16
    private let folder: FilePath
    private var process: ChildProcess?

    /// - Parameters:
    ///   - server: a URL with password, host and port, as ``PrivatePostgres`` gives it.
    ///   - folder: for its settings and its log.
    init(server: String, folder: FilePath) throws {
        self.folder = folder
        port = try LoopbackPort.free()
        guard let url = URLComponents(string: server), let user = url.user, let password = url.password,
            let host = url.host, let serverPort = url.port
        else { throw TestTools.Failure("the server's URL has no user, password, host or port") }
        let settings = """
            [databases]
            * = host=\(host) port=\(serverPort)
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = \(port)
            unix_socket_dir =
            auth_type = plain
            auth_file = \(folder.appending("pgbouncer-users"))
            pool_mode = transaction
            max_client_conn = 200
            default_pool_size = 20
            server_login_retry = 1
            ignore_startup_parameters = extra_float_digits

            """
        try settings.write(toFile: folder.appending("pgbouncer.ini").string, atomically: true, encoding: .utf8)
        try "\"\(user)\" \"\(password)\"\n"
            .write(toFile: folder.appending("pgbouncer-users").string, atomically: true, encoding: .utf8)
    }

    /// The files are read by another user where this one is root; the password is a throw-away server's.
    private func publish(_ name: String) throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: folder.appending(name).string)
    }

    func start() async throws {
        guard let program = Self.program else { throw TestTools.Failure("pgbouncer is not installed") }
        try publish("pgbouncer.ini")
        try publish("pgbouncer-users")
        // It refuses to run as root. The wish to die with the harness is forgotten when the user changes, so it is
        // uttered again after that.
        let user = geteuid() == 0 ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] : []
        let command = user + ["setpriv", "--pdeathsig", "KILL", program, folder.appending("pgbouncer.ini").string]
        process = try await ChildProcess(
            command[0], Array(command.dropFirst()), environment: ["PATH": "/usr/bin:/bin"],
            log: folder.appending("pgbouncer.log"))
    }

    /// Kills it; its clients are disconnected. What the other signals mean differs from version to version.
    func stop() async {
        process?.signal(SIGKILL)
        _ = await process?.end(within: .seconds(3))
        process = nil
    }
}
