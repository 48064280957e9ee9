import Foundation
import Postgres
import TestSupport
import Testing

/// Secrets stay where they were set; the log goes where it was asked for.
struct SecrecyTests {
    private static let marker = "k33p-th1s-t0-y0urs3lf"

    /// What stands in the command lines and environments of a process's children, and theirs.
    private func descendants(of parent: pid_t) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { pid_t($0) }.filter { isChild($0, of: parent) }.flatMap { child in
            ["cmdline", "environ"].map { text("/proc/\(child)/\($0)") } + descendants(of: child)
        }
    }

    private func isChild(_ child: pid_t, of parent: pid_t) -> Bool {
        // After the name in parentheses: state, then the parent's id.
        text("/proc/\(child)/stat").split(separator: ")").last?.split(separator: " ").dropFirst().first
            .flatMap { pid_t($0) } == parent
    }

    private func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// The marker for every secret. The database has a role for this test whose password it is, so that the work
    /// goes on with it.
    private func secretive(_ stage: Stage, _ further: [String: String] = [:]) async throws -> [String: String] {
        let role = "worker_\(UUID().uuidString.prefix(8).lowercased())"
        try await stage.database.execute(
            "CREATE ROLE \(identifier: role) SUPERUSER LOGIN PASSWORD '\(unsafeRaw: Self.marker)'")
        var url = try #require(URLComponents(string: stage.test.connectionString))
        url.user = role
        url.password = Self.marker
        return [
            "DATABASE_URL": try #require(url.string), "AWS_ACCESS_KEY_ID": "AKID",
            "AWS_SECRET_ACCESS_KEY": Self.marker, "AWS_SESSION_TOKEN": Self.marker, "LOG_LEVEL": "trace",
            "LOG_FILE_PATH": stage.folder.file("app.log"),
        ].merging(further) { $1 }
    }

    private func expectSecrecy(_ outcome: Lathe.Outcome, _ stage: Stage) throws {
        #expect(!outcome.output.contains(Self.marker))
        #expect(!outcome.error.contains(Self.marker))
        let log = try stage.folder.text("app.log")
        #expect(!log.contains(Self.marker))
    }

    @Test func secretsReachNeitherLogNorChildrenAndTheLogIsTheApps() async throws {
        let stage = try await Stage()
        let release = try await stage.submittedRelease(lengths: [44_100 * 60])
        try stage.folder.write("the app's own line\n", as: "app.log")
        // A file of no format there is, so that errors are logged too.
        let other = try await stage.rows.release(status: "PROCESSING")
        _ = try await stage.rows.upload(try stage.masters.write("words", as: "bad.wav"), to: other.tracks[0])
        let (outcome, children) = try await stage.work(["--drain"], settings: try await secretive(stage)) { lathe in
            var seen: [String] = []
            try await eventually("its work is done") {
                seen += descendants(of: lathe.processIdentifier)
                return lathe.hasEnded
            }
            return seen
        }
        #expect(outcome.status == .exited(1), "\(outcome.error)")
        try expectSecrecy(outcome, stage)
        #expect(children.contains { $0.contains("lathe-media") })
        #expect(!children.contains { $0.contains(Self.marker) })
        #expect(try await stage.status(ofRelease: release.id) == "PENDING_REVIEW")

        let log = try stage.folder.text("app.log").split(separator: "\n")
        #expect(log.first == "the app's own line")
        #expect(log.count > 5)
        #expect(log.dropFirst().allSatisfy { $0.contains(/worker|upload|processing/) }, "\(log)")
        #expect(log.contains { $0.contains("upload job completed") })
        #expect(log.contains { $0.contains("processing job completed") })
        #expect(log.contains { $0.contains("upload job FAILED") })
    }

    @Test(arguments: [
        ["DATABASE_URL": "postgres://me:\(marker)@127.0.0.1:1/app"],
        ["DATABASE_URL": "postgres://me:\(marker)@nowhere.invalid/app"],
        ["DATABASE_URL": "postgres://me:\(marker)/x@127.0.0.1/app"],
        ["DATABASE_URL": "postgres://me:\(marker)@127.0.0.1:port/app"],
        ["LATHE_STORAGE_URL": "s3://bucket", "LATHE_STORAGE_ENDPOINT": "http://127.0.0.1:1"],
        ["LATHE_STORAGE_URL": "s3://bucket", "LATHE_STORAGE_ENDPOINT": "http://me:\(marker)@127.0.0.1:1"],
        ["LATHE_STORAGE_URL": "s3://me:\(marker)@bucket"],
    ])
    func noErrorQuotesASecret(settings: [String: String]) async throws {
        let stage = try await Stage()
        _ = try await stage.submittedRelease(lengths: [20_000])
        try stage.folder.write("", as: "app.log")
        let outcome = try await stage.lathe("work", "--drain", settings: try await secretive(stage, settings))
        try expectSecrecy(outcome, stage)
        let errors: [String] = try await stage.value(
            "SELECT coalesce(array_agg(error_log) FILTER (WHERE error_log IS NOT NULL), '{}') FROM upload_jobs")
        #expect(!errors.contains { $0.contains(Self.marker) })
        #expect(!outcome.error.isEmpty)
    }

    @Test func aWrongDatabasePasswordIsSaidWithoutQuotingIt() async throws {
        let stage = try await Stage()
        var url = try #require(URLComponents(string: stage.test.connectionString))
        url.password = Self.marker
        for mode in [["work", "--drain"], ["work"], ["migrate"]] {
            let outcome = try await Lathe.run(
                mode, environment: stage.environment.merging(["DATABASE_URL": try #require(url.string)]) { $1 },
                in: stage.folder, limit: .seconds(60))
            #expect(outcome.status == .exited(78))
            #expect(outcome.error.contains("password authentication failed"), "\(outcome.error)")
            #expect(!outcome.error.contains(Self.marker))
        }
    }
}
