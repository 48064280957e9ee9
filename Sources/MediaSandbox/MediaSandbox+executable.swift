import FoundationEssentials
package import MediaContract
package import SystemPackage

extension MediaSandbox {
    /// Where `lathe-media` is: the explicit path if there is one, else beside the running executable, else in PATH.
    ///
    /// - Parameter explicit: What the operator configured. It is not replaced by another when it does not fit.
    /// - Throws: `.processNotStarted` when there is no executable file of that name, with what to do about it.
    package static func locateExecutable(explicit: FilePath?) throws(MediaFailure) -> FilePath {
        if let explicit {
            guard isExecutableFile(explicit) else {
                throw MediaFailure(
                    .processNotStarted, "\(explicit) is no executable file: give the path of lathe-media or none at all"
                )
            }
            return explicit
        }
        if let sibling = pathBesideThisExecutable, isExecutableFile(sibling) { return sibling }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let candidates = folders.map { FilePath(String($0)).appending("lathe-media") }
        guard let found = candidates.first(where: isExecutableFile) else {
            throw MediaFailure(
                .processNotStarted,
                "lathe-media is neither beside lathe nor in PATH: install both in one folder, or give its path")
        }
        return found
    }

    private static var pathBesideThisExecutable: FilePath? {
        guard let this = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return nil
        }
        return FilePath(this).removingLastComponent().appending("lathe-media")
    }

    private static func isExecutableFile(_ path: FilePath) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path.string, isDirectory: &isDirectory) && !isDirectory
            && FileManager.default.isExecutableFile(atPath: path.string)
    }
}
