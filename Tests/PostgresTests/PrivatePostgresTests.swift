import Foundation
import Postgres
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import PrivatePostgres

struct PrivatePostgresTests {
    private func serverProcess(of cluster: PrivatePostgres) throws -> Int32 {
        let file = cluster.folder.path.appending("data").appending("postmaster.pid").string
        let firstLine = try String(contentsOfFile: file, encoding: .utf8).prefix { !$0.isNewline }
        return try #require(Int32(String(firstLine)))
    }

    private func connect(_ cluster: PrivatePostgres) async throws -> PostgresConnection {
        try await PostgresConnection.connect(
            PostgresConfiguration(connectionString: cluster.connectionString()), logger: TestDatabase.logger)
    }

    private func expectGone(_ folder: String, _ server: Int32) async throws {
        try await eventually("the server is gone") { !exists(server) }
        try await eventually("the folder is gone") { !FileManager.default.fileExists(atPath: folder) }
    }

    @Test func stoppingLeavesNothingBehind() async throws {
        let cluster = try await PrivatePostgres.start()
        let server = try serverProcess(of: cluster)
        await cluster.stop()
        #expect(!FileManager.default.fileExists(atPath: cluster.folder.path.string))
        #expect(!exists(server))
    }

    @Test func aClusterNobodyHoldsAnyMoreEnds() async throws {
        var cluster: PrivatePostgres? = try await PrivatePostgres.start()
        let folder = try #require(cluster?.folder.path.string)
        let server = try serverProcess(of: try #require(cluster))
        cluster = nil
        try await expectGone(folder, server)
    }

    @Test func dataSurvivesAnOutageOnTheSamePort() async throws {
        let cluster = try await PrivatePostgres.start(durable: true)
        try await connect(cluster).execute("CREATE TABLE t AS SELECT 42 AS a")
        let port = cluster.port
        await cluster.stopServer()
        await #expect(throws: PostgresError.self) { try await connect(cluster) }
        try await cluster.startServer()
        #expect(cluster.port == port)
        let row = try await connect(cluster).query("SELECT a, current_setting('fsync') AS fsync FROM t").single()
        #expect(try row.decode("a") == 42)
        #expect(try row.decode("fsync") == "on")
        await cluster.stop()
    }

    @Test func onlyThePasswordOpensItAndOnlyOnLoopback() async throws {
        let cluster = try await PrivatePostgres.start(settings: ["work_mem": "7MB"])
        let guess = PostgresConfiguration(
            connectionString: "postgresql://lathe:guess@127.0.0.1:\(cluster.port)/postgres")
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(guess, logger: TestDatabase.logger)
        }
        #expect(error?.sqlState == .invalidPassword)
        let row = try await connect(cluster).query(
            """
            SELECT current_setting('listen_addresses') AS addresses, current_setting('work_mem') AS work_mem,
                current_setting('unix_socket_directories') AS sockets
            """
        ).single()
        #expect(try row.decode("addresses") == "127.0.0.1")
        #expect(try row.decode("sockets") == "")
        #expect(try row.decode("work_mem") == "7MB")
        let attributes = try FileManager.default.attributesOfItem(atPath: cluster.folder.path.string)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        await cluster.stop()
    }

    @Test func aSettingTheServerRefusesIsQuotedFromItsLogAndNothingStays() async throws {
        let parent = FilePath(FileManager.default.temporaryDirectory.path).appending("lathe-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: parent.string, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: parent.string) }
        let error = await #expect(throws: PrivatePostgresError.self) {
            try await PrivatePostgres.start(in: parent, settings: ["no_such_setting": "1"])
        }
        #expect(error?.description.contains("unrecognized configuration parameter \"no_such_setting\"") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent.string).isEmpty)
    }

    @Test func aFolderThatIsNotThereIsNamed() async {
        let error = await #expect(throws: PrivatePostgresError.self) {
            try await PrivatePostgres.start(in: "/nowhere/at/all")
        }
        #expect(error?.description.contains("/nowhere/at/all: No such file or directory") == true)
    }

    @Test func aMachineWithoutPostgresIsToldWhatToInstall() async {
        let error = await #expect(throws: PrivatePostgresError.self) {
            try await ServerPrograms.folder(
                searchPath: "/nowhere:/usr/include", versions: "/nowhere", config: .path("/nowhere/pg_config"))
        }
        #expect(error?.description.contains("apt-get install postgresql") == true)
    }

    @Test func aProcessKilledBySIGKILLTakesItsServerAlong() async throws {
        let note = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-test-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: note) }
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let child = Task {
            try await run(
                .path(FilePath(program)),
                arguments: ["--testing-library", "swift-testing", "--filter", "holdsAServerUntilItIsKilled"],
                environment: .inherit.updating(["LATHE_TEST_NOTE": note]), output: .discarded
            )
            .terminationStatus
        }
        try await eventually("the child has a server") { FileManager.default.fileExists(atPath: note) }
        let words = try String(contentsOfFile: note, encoding: .utf8).split(separator: " ")
        let (process, server) = (try #require(Int32(words[0])), try #require(Int32(words[1])))
        #expect(exists(server))
        #expect(send(.kill, to: process))
        #expect(try await child.value == .signaled(9))
        try await expectGone(String(words[2]), server)
    }

    @Test func aServerWhoseKeeperIsKilledEnds() async throws {
        let cluster = try await PrivatePostgres.start()
        let server = try serverProcess(of: cluster)
        let fields = try String(contentsOfFile: "/proc/\(server)/stat", encoding: .utf8).split(separator: " ")
        let keeper = try #require(Int32(fields[3]))
        #expect(try String(contentsOfFile: "/proc/\(keeper)/comm", encoding: .utf8) == "sh\n")
        #expect(send(.kill, to: keeper))
        try await eventually("the server is gone") { !exists(server) }
        await cluster.stop()
    }

    /// The other process of the test of SIGKILL.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["LATHE_TEST_NOTE"] != nil))
    func holdsAServerUntilItIsKilled() async throws {
        let note = try #require(ProcessInfo.processInfo.environment["LATHE_TEST_NOTE"])
        let cluster = try await PrivatePostgres.start()
        let text =
            "\(ProcessInfo.processInfo.processIdentifier) \(try serverProcess(of: cluster)) \(cluster.folder.path)"
        try text.write(toFile: note, atomically: true, encoding: .utf8)
        await Gate().wait()
        await cluster.stop()
    }
}
