import Glibc
import Postgres
package import PrivatePostgres

extension PrivatePostgres {
    /// Has the server end at once, without a word to its sessions or a last write: `pg_ctl stop -m immediate`. It
    /// recovers when it is started again. Returns when it is gone.
    package func crash() async throws {
        let connection = try await PostgresConnection.connect(
            PostgresConfiguration(connectionString: connectionString()), logger: TestDatabase.logger)
        let file: String = try await connection.query("SELECT pg_read_file('postmaster.pid')").single().decode(0)
        guard let process = file.split(separator: "\n").first.flatMap({ Int32($0) }), process > 1 else {
            throw TestTools.Failure("postmaster.pid does not begin with a process: \(file)")
        }
        kill(process, SIGQUIT)
        await stopServer()
    }
}
