import FoundationEssentials
import Subprocess
import SystemPackage

/// Finds the folder that holds `initdb` and `postgres`.
enum ServerPrograms {
    /// Looks in PATH, then where Debian keeps the versions side by side (newest first), then asks `pg_config`.
    /// - Throws: ``PrivatePostgresError/notInstalled``.
    static func folder(
        searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? "",
        versions: FilePath = "/usr/lib/postgresql", config: Executable = .name("pg_config")
    ) async throws(PrivatePostgresError) -> FilePath {
        let candidates = searchPath.split(separator: ":").map { FilePath(String($0)) } + newestFirst(in: versions)
        if let found = candidates.first(where: isComplete) { return found }
        if let found = await folder(saidBy: config), isComplete(found) { return found }
        throw .notInstalled
    }

    private static func isComplete(_ folder: FilePath) -> Bool {
        ["initdb", "postgres"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: folder.appending($0).string)
        }
    }

    private static func newestFirst(in versions: FilePath) -> [FilePath] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: versions.string)) ?? []
        return names.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { versions.appending($0).appending("bin") }
    }

    private static func folder(saidBy config: Executable) async -> FilePath? {
        let result = try? await run(config, arguments: ["--bindir"], output: .string(limit: 4096))
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return FilePath(String(result.standardOutput.prefix { !$0.isNewline }))
    }
}
