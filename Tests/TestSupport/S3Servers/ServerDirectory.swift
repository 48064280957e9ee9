import Foundation

/// Where a server of a test process keeps its files: a folder that carries the process's id, so that the next
/// test process can tell and remove what one that was killed left behind.
enum ServerDirectory {
    private static let parent = FileManager.default.temporaryDirectory
    private static let prefix = "lathe-server-"

    static func make() throws -> URL {
        removeAbandoned()
        let name = "\(prefix)\(getpid())-\(UUID().uuidString)"
        let directory = parent.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }

    private static func removeAbandoned() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [] {
            guard name.hasPrefix(prefix), let owner = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(at: parent.appendingPathComponent(name))
        }
    }
}
