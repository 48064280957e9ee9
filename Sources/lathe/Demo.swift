import ArgumentParser
import Foundation
import Logging
import Migrations
import Pipeline
import Postgres
import PrivatePostgres
import ServiceLifecycle
import SystemPackage
import UnixSignals

struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry a release of real tracks through the whole pipeline, on a private Postgres and local files.",
        discussion: """
            Starts a Postgres server of its own in a temporary folder, plays the application's part with the statements \
            of its runbook, runs both workers until the release is PENDING_REVIEW, and leaves the MP3s to listen to.
            """)

    @Option(help: "Folder with release.json, its tracks and its cover.", completion: .directory)
    var music: String?

    @Option(help: "Folder that the stored files are left in; by default a new one.", completion: .directory)
    var out: String?

    @Flag(help: "Show the workers' log.") var verbose = false

    func run() async throws {
        let music = try MusicFolder(
            at: music.map { FilePath(URL(filePath: $0).absoluteURL.path) } ?? MusicFolder.standard())
        let storage = try storageFolder()
        Console.line("starting a private Postgres …")
        let server: PrivatePostgres
        do {
            server = try await PrivatePostgres.start()
        } catch {
            throw CommandError(.unreachable, "\(error)")
        }
        var logger = Logger(label: "lathe.demo") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = verbose ? .debug : .error
        let demo = DemoRun(music: music, storage: storage, database: server.connectionString(), logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(
                        service: demo, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                ],
                gracefulShutdownSignals: [.sigint, .sigterm], logger: logger))
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await group.run()) } catch { outcome = .failure(error) }
        await server.stop()
        try outcome.get()
    }

    private func storageFolder() throws -> FilePath {
        let path = out ?? "\(NSTemporaryDirectory())/lathe-demo-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return FilePath(URL(filePath: path).resolvingSymlinksInPath().path)
    }
}

/// A release on disk: `release.json` beside its masters and its cover.
struct MusicFolder: Sendable {
    struct Release: Decodable, Sendable {
        let artist: String
        let title: String
        let genre: String
        let cover: String
        let tracks: [Track]
    }

    struct Track: Decodable, Sendable {
        let file: String
        let title: String
        let isrc: String?
    }

    let path: FilePath
    let release: Release

    init(at path: FilePath) throws(CommandError) {
        self.path = path
        let file = path.appending("release.json")
        do {
            release = try JSONDecoder().decode(Release.self, from: Data(contentsOf: URL(filePath: file.string)))
        } catch {
            throw CommandError(.badConfiguration, "\(file) cannot be read: \(error)")
        }
    }

    /// Fixtures/music of the checkout the running executable was built in, or of the current folder.
    static func standard() throws(CommandError) -> FilePath {
        let executable = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        var folder = executable.deletingLastPathComponent()
        while folder.path != "/" {
            let music = folder.appending(path: "Fixtures/music")
            if FileManager.default.fileExists(atPath: music.appending(path: "release.json").path) {
                return FilePath(music.path)
            }
            folder = folder.deletingLastPathComponent()
        }
        throw CommandError(
            .badConfiguration, "Fixtures/music was not found above \(executable.path): name one with --music")
    }
}
