import FoundationEssentials
import Subprocess
import SystemPackage

/// Finds the folder that holds `initdb` and `postgres`.
enum ServerPrograms {
    /// Looks in PATH, then where Debian keeps the versions side by side (newest first), then asks `pg_config`.
    /// - Throws: ``PrivatePostgresError/notInstalled``.
    static func folder() async throws -> FilePath {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let candidates = path.split(separator: ":").map { FilePath(String($0)) } + debianFolders()
        if let found = candidates.first(where: isComplete) { return found }
        if let found = await folderFromConfig(), isComplete(found) { return found }
        throw PrivatePostgresError.notInstalled
    }

    private static func isComplete(_ folder: FilePath) -> Bool {
        ["initdb", "postgres"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: folder.appending($0).string)
        }
    }

    private static func debianFolders() -> [FilePath] {
        let root: FilePath = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root.string)) ?? []
        return versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { root.appending($0).appending("bin") }
    }

    private static func folderFromConfig() async -> FilePath? {
        let result = try? await run(.name("pg_config"), arguments: ["--bindir"], output: .string(limit: 4096))
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return FilePath(String(result.standardOutput.prefix { !$0.isNewline }))
    }
}
