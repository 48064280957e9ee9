package import Foundation
import Synchronization

/// A real S3 server on a free loopback port, with an empty storage of its own.
package final class S3TestServer: Sendable {
    /// The servers tests run against, and what each is strict about.
    package enum Program: String, Sendable, CaseIterable {
        /// MinIO's code before JuiceFS: signature, SHA-256 of the content, clock skew.
        case juicefs
        /// Signature, `Content-MD5`.
        case rclone
        /// Signature, policies. Loses its objects and credentials when it stops.
        case moto
    }

    package let program: Program
    /// `http://127.0.0.1:PORT`
    package let endpoint: String
    package let accessKey: String
    package let secretKey: String
    package let port: UInt16
    private let directory: URL
    private let process: Mutex<ServerProcess?>

    /// The test process's one server of a kind. Tests that share it keep apart by bucket or prefix.
    package static func shared(_ program: Program) async throws -> S3TestServer {
        let task = sharedServers.withLock { servers in
            if let task = servers[program] { return task }
            let task = Task { try await start(program) }
            servers[program] = task
            return task
        }
        return try await task.value
    }

    private static let sharedServers = Mutex<[Program: Task<S3TestServer, any Error>]>([:])

    /// A server of the caller's own, to be stopped and started again.
    package static func start(_ program: Program) async throws -> S3TestServer {
        try await S3TestServer(program)
    }

    /// A JuiceFS gateway of the caller's own.
    package static func juicefs() async throws -> S3TestServer { try await start(.juicefs) }

    private init(_ program: Program) async throws {
        self.program = program
        port = try LoopbackPort.free()
        endpoint = "http://127.0.0.1:\(port)"
        directory = try ServerDirectory.make()
        let launch = try await Self.launch(program, port: port, directory: directory, isFirst: true)
        process = Mutex(launch.process)
        (accessKey, secretKey) = launch.keys
        try await waitUntilReady()
    }

    deinit {
        let process = process.withLock(\.self)
        let directory = directory
        Task {
            await process?.kill()
            try? FileManager.default.removeItem(at: directory)
        }
    }

    /// Kills the server; its objects stay on the disk.
    package func stop() async {
        let running = process.withLock { process in
            defer { process = nil }
            return process
        }
        await running?.kill()
    }

    /// Starts it again on the same port, with the same objects and credentials.
    package func restart() async throws {
        guard program != .moto else { throw TestTools.Failure("moto forgets its credentials when it stops") }
        await stop()
        let launch = try await Self.launch(program, port: port, directory: directory, isFirst: false)
        process.withLock { $0 = launch.process }
        try await waitUntilReady()
    }

    /// Freezes the server, connections open, until `resume`.
    package func pause() {
        process.withLock { $0?.pause() }
    }

    package func resume() {
        process.withLock { $0?.resume() }
    }

    /// Makes a bucket with boto3, which knows nothing of our client.
    package func makeBucket(_ name: String) async throws {
        _ = try await boto3("client.create_bucket(Bucket=argument)", argument: name)
    }

    /// Runs a Python expression over `client` (boto3's S3 client for this server) and `argument`; returns what it
    /// wrote to standard output.
    package func boto3(_ expression: String, argument: String) async throws -> Data {
        let script = """
            import sys, boto3
            from botocore.config import Config
            endpoint, access_key, secret_key, argument = sys.argv[1:]
            client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=access_key,
                aws_secret_access_key=secret_key, region_name="us-east-1", config=Config(
                    s3={"addressing_style": "path"}, request_checksum_calculation="when_required"))
            out = sys.stdout.buffer
            \(expression)
            """
        return try await TestTools.run(
            TestTools.python(), ["-c", script, endpoint, accessKey, secretKey, argument])
    }

    private static func launch(
        _ program: Program, port: UInt16, directory: URL, isFirst: Bool
    ) async throws -> (process: ServerProcess, keys: (String, String)) {
        let keys = ("lathe-test-key", "lathe-test-secret")
        let log = directory.appendingPathComponent("log")
        let address = "127.0.0.1:\(port)"
        switch program {
        case .juicefs:
            let juicefs = try TestTools.path(of: "juicefs")
            let database = "sqlite3://\(directory.path)/meta.db"
            if isFirst {
                _ = try await TestTools.run(
                    juicefs,
                    ["format", "--storage", "file", "--bucket", directory.path + "/objects/", "--trash-days", "0"]
                        + [database, "lathe"])
            }
            let arguments =
                ["gateway", database, address, "--multi-buckets", "--keep-etag", "--object-meta"]
                + ["--no-usage-report", "--backup-meta", "0", "--cache-size", "0", "--metrics", "127.0.0.1:0"]
            let environment = ["MINIO_ROOT_USER": keys.0, "MINIO_ROOT_PASSWORD": keys.1]
            return (try await ServerProcess(juicefs, arguments, environment: environment, log: log), keys)
        case .rclone:
            let objects = directory.appendingPathComponent("objects")
            try FileManager.default.createDirectory(at: objects, withIntermediateDirectories: true)
            let arguments = ["serve", "s3", "--addr", address, "--auth-key", "\(keys.0),\(keys.1)", objects.path]
            let rclone = try TestTools.path(of: "rclone")
            return (
                try await ServerProcess(
                    rclone, arguments, environment: ["RCLONE_CONFIG": "/dev/null"], log: log), keys
            )
        case .moto:
            return try await MotoServer.launch(port: port, directory: directory, log: log)
        }
    }

    /// Asks until something answers on the port.
    private func waitUntilReady() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !LoopbackPort.accepts(port) {
            guard ContinuousClock.now < deadline else {
                let log = (try? String(contentsOf: directory.appendingPathComponent("log"), encoding: .utf8)) ?? ""
                throw TestTools.Failure("\(program) does not listen on port \(port): \(log.suffix(2000))")
            }
            // The server has no way to tell us; there is no event to wait for.
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
