import MediaContract
import MediaSandbox
import Pipeline
import Reports
import SystemPackage

/// Files named on the command line, and the media process that reads them.
enum LocalMedia {
    static func sandbox(_ settings: Settings) throws -> MediaSandbox {
        let executable: FilePath
        do {
            executable = try MediaSandbox.locateExecutable(explicit: settings.mediaExecutable.map { FilePath($0) })
        } catch {
            throw CommandError(.badConfiguration, "\(error.message) (LATHE_MEDIA_PATH)")
        }
        return MediaSandbox(executable: executable, logger: try settings.logger())
    }

    static func open(_ path: FilePath) throws(CommandError) -> OpenFile {
        let file: OpenFile
        do {
            file = try OpenFile(reading: path)
        } catch .noSuchFileOrDirectory {
            throw CommandError(.workFailed, "no such file")
        } catch {
            throw CommandError(.workFailed, "cannot be opened: \(error)")
        }
        guard let status = try? FileStatus(of: file.descriptor), status.kind == .regular else {
            throw CommandError(.workFailed, "is not a regular file")
        }
        return file
    }

    /// Measures a master, read side by side for its SHA-256.
    ///
    /// - Throws: `MediaFailure`; `CommandError` where somebody wrote to it meanwhile; what reading throws.
    static func measure(
        _ file: FileDescriptor, named name: String, _ sandbox: MediaSandbox,
        progress: @escaping @Sendable (Double) -> Void
    ) async throws -> TrackReport {
        let before = try FileEntry(of: file).stamp
        async let hash = FileHash.sha256(of: file)
        let (inspection, analysis) = try await sandbox.analyzeAudio(file, progress: progress)
        let sha256 = try await hash
        guard try FileEntry(of: file).stamp == before else { throw wasChanged }
        return TrackReport(
            file: name, bytes: before.size, sha256: sha256, inspection: inspection, analysis: analysis)
    }

    static let wasChanged = CommandError(.workFailed, "was changed while it was read; run the command again")

    static func openCover(_ path: FilePath) throws(CommandError) -> OpenFile {
        do {
            return try open(path)
        } catch {
            throw CommandError(error.exit, "the cover \(path.shown): \(error.message)")
        }
    }
}
