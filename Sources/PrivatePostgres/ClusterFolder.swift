import FoundationEssentials
import Glibc
import SystemPackage

/// The temporary folder of one cluster: `data`, the server's `log` and the superuser's password.
struct ClusterFolder: Sendable {
    let path: FilePath

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
            try password.write(toFile: path.appending("password").string, atomically: false, encoding: .utf8)
        } catch {
            throw .folder(path.string, reason: "the password file could not be written")
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
    func remove() throws(PrivatePostgresError) {
        guard FileManager.default.fileExists(atPath: path.string) else { return }
        do {
            try FileManager.default.removeItem(atPath: path.string)
        } catch {
            throw .folder(path.string, reason: "it could not be removed")
        }
    }
}
