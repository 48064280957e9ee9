/// Why a private cluster could not be had.
package enum PrivatePostgresError: Error, Sendable, CustomStringConvertible {
    /// No initdb and postgres were found side by side.
    case notInstalled
    /// Run by root, and there is no other user to run the server as.
    case noUnprivilegedUser
    /// `setpriv` is missing, which root needs to become another user.
    case setprivMissing
    /// The folder could not be made or handed to the server's user.
    case folder(String, reason: String)
    /// The server ended while it started.
    case didNotStart(lastLines: String)
    /// The server runs and does not answer.
    case unreachable(after: Duration)

    package var description: String {
        switch self {
        case .notInstalled:
            "no Postgres server is installed here; install it: apt-get install postgresql"
        case .noUnprivilegedUser:
            "Postgres refuses to run as root, and there is neither a user postgres nor nobody; run as another user"
        case .setprivMissing:
            "Postgres refuses to run as root, and setpriv is missing; install it: apt-get install util-linux"
        case .folder(let path, let reason):
            "the private Postgres cannot use the folder \(path): \(reason)"
        case .didNotStart(let lastLines):
            "the private Postgres did not start: \(lastLines)"
        case .unreachable(let limit):
            "the private Postgres did not answer within \(limit)"
        }
    }
}
