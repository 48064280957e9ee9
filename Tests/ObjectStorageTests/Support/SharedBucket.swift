import Synchronization
import TestSupport

@testable import ObjectStorage

/// One bucket a shared server, made once a test process.
enum SharedBucket {
    static let name = "lathe-tests"
    private static let made = Mutex<[S3TestServer.Program: Task<S3TestServer, any Error>]>([:])

    /// The shared server with its bucket.
    static func server(_ program: S3TestServer.Program) async throws -> S3TestServer {
        let task = made.withLock { made in
            if let task = made[program] { return task }
            let task = Task {
                let server = try await S3TestServer.shared(program)
                try await server.makeBucket(name)
                return server
            }
            made[program] = task
            return task
        }
        return try await task.value
    }

    /// A store with a prefix of its own.
    static func store(on program: S3TestServer.Program) async throws -> S3ObjectStore {
        let server = try await server(program)
        return try S3ObjectStore(
            S3Configuration(
                server, bucket: name, prefix: "test \(UInt64.random(in: 0 ... .max))/ü"))
    }
}

extension S3Configuration {
    init(_ server: S3TestServer, bucket: String, prefix: String = "") {
        self.init(
            bucket: bucket, prefix: prefix, endpoint: server.endpoint,
            credentials: S3Credentials(accessKeyID: server.accessKey, secretAccessKey: server.secretKey))
    }
}
