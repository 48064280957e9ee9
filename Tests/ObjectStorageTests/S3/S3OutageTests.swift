import Glibc
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// What goes wrong with real servers.
@Suite struct S3OutageTests {
    @Test("A bucket that is not there is bucketMissing for every operation", arguments: S3TestServer.Program.allCases)
    func missingBucket(program: S3TestServer.Program) async throws {
        let server = try await S3TestServer.shared(program)
        let store = try S3ObjectStore(S3Configuration(server, bucket: "no-such-bucket"))
        let scratch = try TemporaryDirectory()
        let failures = [
            await Result { try await store.checkAccess() }.failure,
            await Result { try await store.put([1], as: "k", in: scratch) }.failure,
            await Result { try await store.put(noise(6_000_000), as: "k", in: scratch) }.failure,
            await Result { try await store.content(of: "k", in: scratch) }.failure,
            await Result { try await store.head("k") }.failure,
            await Result { try await store.list(prefix: "") }.failure,
            await Result { try await store.delete("k") }.failure,
        ]
        for failure in failures {
            #expect(failure?.kind == .bucketMissing, "\(String(describing: failure))")
            #expect(failure?.isOutage == true)
        }
    }

    @Test("A wrong secret and an unknown key are accessDenied, and say so", arguments: S3TestServer.Program.allCases)
    func wrongCredentials(program: S3TestServer.Program) async throws {
        let server = try await SharedBucket.server(program)
        for (key, secret) in [(server.accessKey, "wrong-secret"), ("UNKNOWNKEY", server.secretKey)] {
            var configuration = S3Configuration(server, bucket: SharedBucket.name)
            configuration.credentials = S3Credentials(accessKeyID: key, secretAccessKey: secret)
            let error = await Result { try await S3ObjectStore(configuration).checkAccess() }.failure
            #expect(error?.kind == .accessDenied)
            #expect(error?.description.contains(key) == true, "\(String(describing: error))")
            #expect(error?.description.contains(secret) == false)
        }
    }

    @Test(
        "Nobody listening, and no such host, is unavailable",
        arguments: ["http://127.0.0.1:1", "http://no-such-host.invalid"])
    func unreachable(endpoint: String) async throws {
        let credentials = S3Credentials(accessKeyID: "a", secretAccessKey: "b")
        let store = try S3ObjectStore(
            S3Configuration(bucket: "b-1", endpoint: endpoint, credentials: credentials),
            retries: RetryPolicy(tries: 1))
        let error = await Result { try await store.checkAccess() }.failure
        #expect(error?.kind == .unavailable)
        #expect(error?.message.contains(endpoint) == true)
    }

    @Test("A server killed during a put is unavailable, and the same put succeeds once it is back")
    func killedServer() async throws {
        let server = try await S3TestServer.juicefs()
        try await server.makeBucket("tracks")
        let store = try S3ObjectStore(
            S3Configuration(server, bucket: "tracks"), retries: RetryPolicy(tries: 1))
        let scratch = try TemporaryDirectory()
        let content = noise(40_000_000)
        let file = try scratch.file("source", content)
        defer { try? file.close() }
        let (started, start) = AsyncStream<Void>.makeStream()
        async let outcome = Result {
            try await store.put(
                file, length: 40_000_000, key: "k", attributes: ObjectAttributes(contentType: "audio/wav"),
                progress: { _ in
                    // Frozen at the first bytes, so that the put cannot be over before the server is killed.
                    server.pause()
                    start.finish()
                })
        }
        for await _ in started {}
        await server.stop()
        #expect(await outcome.failure?.kind == .unavailable)
        try await server.restart()
        _ = try await store.put(
            file, length: 40_000_000, key: "k", attributes: ObjectAttributes(contentType: "audio/wav"))
        #expect(try await store.content(of: "k", in: scratch) == content)
    }

    @Test("A put that is cancelled under way ends at once, with nothing stored", .timeLimit(.minutes(1)))
    func cancelledUnderWay() async throws {
        let server = try await S3TestServer.juicefs()
        try await server.makeBucket("tracks")
        let store = try S3ObjectStore(S3Configuration(server, bucket: "tracks"))
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("source", noise(60_000_000))
        defer { try? file.close() }
        let (started, start) = AsyncStream<Void>.makeStream()
        let task = Task {
            await Result {
                try await store.put(
                    file, length: 60_000_000, key: "k", attributes: ObjectAttributes(contentType: "audio/wav"),
                    progress: { _ in
                        server.pause()
                        start.finish()
                    })
            }
        }
        for await _ in started {}
        let begin = ContinuousClock.now
        task.cancel()
        #expect(await task.value.failure?.kind == .cancelled)
        // The server stands still: an end that waited for it would take the stall time of 15 s.
        #expect(ContinuousClock.now - begin < .seconds(5))
        server.resume()
        #expect(try await store.head("k") == nil)
    }

    @Test("A file that shrinks while it is sent is sourceChanged, with nothing stored")
    func shrinkingFile() async throws {
        let store = try await SharedBucket.store(on: .juicefs)
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("source", noise(60_000_000))
        defer { try? file.close() }
        let hasShrunk = Atomic(false)
        let outcome = await Result {
            try await store.put(
                file, length: 60_000_000, key: "k", attributes: ObjectAttributes(contentType: "audio/wav"),
                progress: { _ in
                    if !hasShrunk.exchange(true, ordering: .relaxed) { ftruncate(file.rawValue, 10_000_000) }
                })
        }
        #expect(outcome.failure?.kind == .sourceChanged, "\(String(describing: outcome.failure))")
        #expect(try await store.head("k") == nil)
    }

    @Test("A file that is rewritten while it is sent is sourceChanged", arguments: S3TestServer.Program.allCases)
    func rewrittenFile(program: S3TestServer.Program) async throws {
        let store = try await SharedBucket.store(on: program)
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("source", noise(20_000_000))
        defer { try? file.close() }
        let outcome = await Result {
            try await store.put(
                file, length: 20_000_000, key: "k", attributes: ObjectAttributes(contentType: "audio/wav"),
                progress: { _ in _ = try? file.writeAll(toAbsoluteOffset: 19_999_990, [1, 2, 3]) })
        }
        #expect(outcome.failure?.kind == .sourceChanged, "\(String(describing: outcome.failure))")
    }

    @Test("A local disk that is full while an object is got is diskFull")
    func localDiskFull() async throws {
        let store = try await SharedBucket.store(on: .rclone)
        let scratch = try TemporaryDirectory()
        _ = try await store.put(noise(100_000), as: "k", in: scratch)
        let full = try FileDescriptor.open(FilePath("/dev/full"), .writeOnly)
        defer { try? full.close() }
        #expect(await Result { try await store.get("k", into: full) }.failure?.kind == .diskFull)
    }
}
