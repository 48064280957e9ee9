import FoundationEssentials
import Glibc
import SystemPackage

/// Whom the server runs as: Postgres refuses to run as root.
struct ServerUser: Sendable {
    let userID: uid_t
    let groupID: gid_t
    /// The words before a command that make it run as this user and die with the process that started it.
    let commandPrefix: String

    /// A command of its own: the kernel forgets the wish when the user changes after it.
    private static let diesWithParent = "setpriv --pdeathsig QUIT --"

    /// The caller itself, or `postgres` or `nobody` where the caller is root.
    /// - Throws: ``PrivatePostgresError``.
    static func current() throws(PrivatePostgresError) -> ServerUser {
        let hasSetpriv = ["/usr/bin/setpriv", "/bin/setpriv"].contains {
            FileManager.default.isExecutableFile(atPath: $0)
        }
        guard geteuid() == 0 else {
            return ServerUser(
                userID: geteuid(), groupID: getegid(), commandPrefix: hasSetpriv ? diesWithParent : "")
        }
        guard hasSetpriv else { throw .setprivMissing }
        guard let (user, group) = ["postgres", "nobody"].lazy.compactMap(identifiers(of:)).first else {
            throw .noUnprivilegedUser
        }
        return ServerUser(
            userID: user, groupID: group,
            commandPrefix: "setpriv --reuid \(user) --regid \(group) --clear-groups -- \(diesWithParent)")
    }

    private static func identifiers(of name: String) -> (uid_t, gid_t)? {
        var entry = unsafe passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        let code = unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &found)
        guard code == 0, unsafe found != nil else { return nil }
        return unsafe (entry.pw_uid, entry.pw_gid)
    }
}
