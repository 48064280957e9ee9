import FoundationEssentials
import Glibc
import SystemPackage

/// The temporary folder of one cluster: `data`, the server's `log` and the superuser's password. It goes with this
/// process, whose keeper removes it.
struct ClusterFolder: Sendable {
    let path: FilePath
    private let keeper: Keeper

    var log: FilePath { path.appending("log") }

    /// Makes the folder, readable by nobody but its owner, and hands it to the server's user.
    /// - Parameter parent: nil takes the system's temporary folder.
    /// - Throws: ``PrivatePostgresError/folder(_:reason:)``.
    init(in parent: FilePath?, for user: ServerUser, password: String) throws(PrivatePostgresError) {
        let parent = parent ?? FilePath(FileManager.default.temporaryDirectory.path)
        var template = Array(parent.appending("lathe-postgres-XXXXXX").string.utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw .folder(parent.string, reason: Errno(rawValue: errno).description)
        }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        do {
            keeper = try Keeper(Self.removal, arguments: [path.string])
            try password.write(toFile: path.appending("password").string, atomically: false, encoding: .utf8)
        } catch {
            throw .folder(path.string, reason: "\(error)")
        }
        for file in [path, path.appending("password")] where unsafe chown(file.string, user.userID, user.groupID) != 0 {
            throw .folder(path.string, reason: Errno(rawValue: errno).description)
        }
    }

    /// The end of the server's log on one line.
    func lastLogLines() -> String {
        let text = (try? String(contentsOfFile: log.string, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n").suffix(3)
        return lines.isEmpty ? "its log is empty" : lines.joined(separator: " | ")
    }

    /// Removes the folder and all that is in it.
    func remove() async { await keeper.finish() }

    /// A server that is just being stopped may still write: the first try can fail.
    private static let removal = #"""
        read -r word <&3
        until rm -rf "$1"; do sleep 0.1; done
        """#
}
