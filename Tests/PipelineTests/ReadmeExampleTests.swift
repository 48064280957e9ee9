import Foundation
import Jobs
import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import SystemPackage
import TestSupport
import Testing
import UnixSignals

// README.md shows the function between the two marks, letter for letter.
// README: begin
func makeServer(
    web: any Service, database: String, storage: String, uploads: String, logger: Logger
) throws -> ServiceGroup {
    var lathe = PipelineConfiguration(
        database: database, storage: StorageConfiguration(url: storage), uploadRoots: [uploads])
    lathe.drainTime = .seconds(20)
    let workers = try WorkerManager(lathe, logger: logger)
    return ServiceGroup(services: [workers, web], gracefulShutdownSignals: [.sigterm], logger: logger)
}
// README: end

/// The example of README.md: that it is the code above, and that the code works.
@Suite(.timeLimit(.minutes(2))) struct ReadmeExampleTests {
    @Test func theReadmeShowsTheCodeThatIsTestedHere() throws {
        let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.firstIndex(of: "// README: begin"))
        let end = try #require(lines.firstIndex(of: "// README: end"))
        let example = lines[(begin + 1)..<end].joined(separator: "\n")
        let readme = try String(
            contentsOf: URL(filePath: RepositoryPaths.root.appending("README.md").string), encoding: .utf8)
        let isShown = readme.contains("\n\(example)\n```\n")
        #expect(isShown, "copy the function between the marks into README.md")
    }

    @Test func theServerShipsAMasterUntilItIsShutDown() async throws {
        let bench = try await Workbench()
        let release = try await bench.app.release()
        let job = try await bench.app.upload(
            try bench.upload("audio/wav-s16-44100-stereo.wav"), to: release.tracks[0])
        let web = try await IdleWeb(test: bench.test)
        let server = try makeServer(
            web: web, database: bench.test.connectionString, storage: "file://\(bench.storage)",
            uploads: bench.uploads.string, logger: TestDatabase.logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await _ in web.connection.notifications { break }
            await server.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        #expect(try await bench.uploadJob(job)?.status == "COMPLETED")
        let url: String = try await bench.app.row("tracks", release.tracks[0]).decode("audio_file_url")
        #expect(FileManager.default.fileExists(atPath: try #require(URL(string: url)).path))
        // Each incarnation removes its row when it ends in order.
        #expect(try await bench.database.query("SELECT 1 FROM workers").isEmpty)
    }
}

/// Stands where a web server would: a service that serves nobody until shutdown. Its connection hears from the database
/// when an upload job is completed.
private struct IdleWeb: Service {
    let connection: PostgresConnection

    init(test: TestDatabase) async throws {
        connection = try await test.connect()
        try await connection.runScript(
            """
            CREATE FUNCTION ring() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NOTIFY uploaded;
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER ring AFTER UPDATE ON upload_jobs
                FOR EACH ROW WHEN (NEW.status = 'COMPLETED') EXECUTE FUNCTION ring();
            """)
        try await connection.listen(to: "uploaded")
    }

    func run() async throws {
        try await gracefulShutdown()
    }
}
