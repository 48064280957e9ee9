import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Faults no real server makes on demand.
@Suite struct S3FaultTests {
    typealias Server = ScriptedServer

    private static let emptyListing = Server.response(
        "200 OK", body: "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")

    @Test(
        "Error codes decide the kind, whatever the status",
        arguments: [
            ("404 Not Found", "NoSuchBucket", ObjectStorageError.Kind.bucketMissing),
            ("403 Forbidden", "SignatureDoesNotMatch", .accessDenied),
            ("403 Forbidden", "InvalidAccessKeyId", .accessDenied), ("400 Bad Request", "ExpiredToken", .accessDenied),
            ("403 Forbidden", "RequestTimeTooSkewed", .clockSkew), ("503 Slow Down", "SlowDown", .throttled),
            ("429 Too Many", "Whatever", .throttled), ("503 Service Unavailable", "ServiceUnavailable", .unavailable),
            ("500 Internal", "InternalError", .unavailable), ("400 Bad Request", "RequestTimeout", .unavailable),
            ("400 Bad Request", "BadDigest", .integrity), ("400 Bad Request", "XAmzContentSHA256Mismatch", .integrity),
            ("400 Bad Request", "KeyTooLongError", .invalidKey), ("400 Bad Request", "EntityTooLarge", .rejected),
            ("301 Moved Permanently", "PermanentRedirect", .bucketMissing),
            ("307 Temporary Redirect", "TemporaryRedirect", .unavailable), ("200 OK", "InternalError", .unavailable),
            ("200 OK", "SlowDown", .throttled), ("418 Teapot", "Unheard", .rejected),
        ])
    func kinds(status: String, code: String, kind: ObjectStorageError.Kind) async throws {
        let server = try Server([.answer(Server.error(status, code))])
        let store = try server.store()
        let scratch = try TemporaryDirectory()
        let error = await #expect(throws: ObjectStorageError.self) {
            try await store.put([1, 2], as: "k/1", in: scratch)
        }
        #expect(error?.kind == kind)
        #expect(error?.s3Code == code)
        #expect(error?.requestID == "R-1")
        let text = try #require(error?.description)
        #expect(text.contains("'b-1'") && text.contains("k/1") && text.contains(server.endpoint), "\(text)")
        #expect(!text.contains("\n") && !text.contains("top-secret") && !text.contains("tok-en"), "\(text)")
    }

    @Test("What passes in a moment is tried again, and its content is sent again from the start")
    func retries() async throws {
        let content = noise(300_000)
        let server = try Server([
            .answer(Server.error("503 Slow Down", "SlowDown")), .reset, .answerWithETag(md5(content)),
        ])
        let store = try server.store(retries: RetryPolicy(tries: 3, base: .milliseconds(1)))
        let scratch = try TemporaryDirectory()
        let stored = try await store.put(content, as: "k", in: scratch)
        #expect(stored.etag == md5(content))
        #expect(server.requests.count == 3)
        #expect(server.requests.allSatisfy { $0.hasPrefix("PUT /b-1/k HTTP/1.1\r\n") })
    }

    @Test("What will not pass is not tried again")
    func noRetries() async throws {
        let server = try Server([.answer(Server.error("403 Forbidden", "AccessDenied"))])
        let store = try server.store(retries: RetryPolicy(tries: 3, base: .milliseconds(1)))
        let scratch = try TemporaryDirectory()
        await #expect(throws: ObjectStorageError.self) { try await store.put([1], as: "k", in: scratch) }
        #expect(server.requests.count == 1)
    }

    @Test("Retry-After beyond the bound is handed to the caller at once")
    func retryAfter() async throws {
        let server = try Server([.answer(Server.error("503 Slow Down", "SlowDown", ["Retry-After: 120"]))])
        let store = try server.store(retries: RetryPolicy(tries: 3))
        let error = await #expect(throws: ObjectStorageError.self) { try await store.list(prefix: "") }
        #expect(error?.kind == .throttled)
        #expect(error?.retryAfter == .seconds(120))
        #expect(server.requests.count == 1)
    }

    @Test("An ETag that is the MD5 of other bytes is integrity")
    func wrongETag() async throws {
        let server = try Server([.answerWithETag(String(repeating: "0", count: 32))])
        let store = try server.store()
        let scratch = try TemporaryDirectory()
        let error = await #expect(throws: ObjectStorageError.self) { try await store.put([1], as: "k", in: scratch) }
        #expect(error?.kind == .integrity)
    }

    @Test(
        "Where the ETag is no MD5 the size is compared by a HEAD",
        arguments: [(3, nil), (2, ObjectStorageError.Kind.integrity)])
    func sizeByHead(announced: Int, kind: ObjectStorageError.Kind?) async throws {
        let server = try Server([
            .answerWithETag("random-etag-1"), .answer("HTTP/1.1 200 OK\r\nContent-Length: \(announced)\r\n\r\n"),
        ])
        let store = try server.store()
        let scratch = try TemporaryDirectory()
        let result = await Result { try await store.put([1, 2, 3], as: "k", in: scratch) }
        #expect(result.failure?.kind == kind)
        #expect(server.requests.last?.hasPrefix("HEAD /b-1/k ") == true)
    }

    @Test("A store that refuses before it has read the content is understood")
    func earlyRefusal() async throws {
        let server = try Server([.refuseEarly(Server.error("404 Not Found", "NoSuchBucket"))])
        let store = try server.store()
        let scratch = try TemporaryDirectory()
        let error = await #expect(throws: ObjectStorageError.self) {
            try await store.put(noise(8_000_000), as: "k", in: scratch)
        }
        // Either the answer was read, or the reset made the store ask again and find nobody: an outage both ways.
        #expect(error?.isOutage == true)
    }

    @Test("A store that falls silent is given up after the answer time")
    func silence() async throws {
        let server = try Server([.silence])
        let store = try server.store(timeouts: HTTPTimeouts(stall: .milliseconds(100), answer: .milliseconds(100)))
        let error = await #expect(throws: ObjectStorageError.self) { try await store.list(prefix: "") }
        #expect(error?.kind == .unavailable)
        #expect(error?.message.contains("no answer came within 0.1 seconds") == true)
    }

    @Test(
        "A content that ends early, or is another than its ETag, is not taken",
        arguments: [
            ("Content-Length: 10", "123", ObjectStorageError.Kind.unavailable),
            ("Content-Length: 3\r\nETag: \"00000000000000000000000000000000\"", "123", .integrity),
        ])
    func damagedGet(header: String, body: String, kind: ObjectStorageError.Kind) async throws {
        let server = try Server([.refuseEarly("HTTP/1.1 200 OK\r\n\(header)\r\n\r\n\(body)")])
        let store = try server.store()
        let scratch = try TemporaryDirectory()
        let error = await #expect(throws: ObjectStorageError.self) { try await store.content(of: "k", in: scratch) }
        #expect(error?.kind == kind)
    }

    @Test("What is no S3 server is said to be none", arguments: ["<html>welcome</html>", "", "<ListBucketResult>"])
    func foreignServer(body: String) async throws {
        let server = try Server([.answer(Server.response("200 OK", body: body))])
        let store = try server.store()
        let error = await #expect(throws: ObjectStorageError.self) { try await store.checkAccess() }
        #expect(error?.kind == .unexpectedAnswer)
    }

    @Test("A listing of several pages is put together")
    func pages() async throws {
        func page(_ key: String, next: String?) -> Server.Step {
            let rest = next.map {
                "<IsTruncated>true</IsTruncated><NextContinuationToken>\($0)</NextContinuationToken>"
            }
            return .answer(
                Server.response(
                    "200 OK",
                    body: """
                        <ListBucketResult xmlns="x">\(rest ?? "")<EncodingType>url</EncodingType>\
                        <Contents><Key>\(key)</Key>\
                        <Size>7</Size><ETag>&#34;e&#34;</ETag></Contents></ListBucketResult>
                        """))
        }
        let server = try Server([page("a+b%2Bc", next: "t/1="), page("d", next: nil)])
        let objects = try await server.store().list(prefix: "")
        #expect(
            objects == [StoredObject(key: "a b+c", bytes: 7, etag: "e"), StoredObject(key: "d", bytes: 7, etag: "e")])
        #expect(server.requests.last?.contains("continuation-token=t%2F1%3D&encoding-type=url") == true)
    }

    @Test("A 404 for an object asks for the bucket once, and tells the two apart")
    func missingBucketBehindHead() async throws {
        let notFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        let missing = try Server([.answer(notFound), .answer(Server.error("404 Not Found", "NoSuchBucket"))])
        let error = await #expect(throws: ObjectStorageError.self) { try await missing.store().head("k") }
        #expect(error?.kind == .bucketMissing)
        let present = try Server([.answer(notFound), .answer(Self.emptyListing), .answer(notFound)])
        let store = try present.store()
        for _ in 0..<2 { #expect(try await store.head("k") == nil) }
        #expect(present.requests.count == 3)
    }

    @Test("Requests carry a length, the token and the content's hash, and no Expect or chunks")
    func wire() async throws {
        let server = try Server([.answerWithETag(md5([7]))])
        let store = try server.store()
        let scratch = try TemporaryDirectory()
        _ = try await store.put([7], as: "a b/ü+", in: scratch)
        let lines = try #require(server.requests.first).lowercased().split(separator: "\r\n").map(String.init)
        #expect(lines.first == "put /b-1/a%20b/%c3%bc%2b http/1.1")
        #expect(lines.contains("content-length: 1"))
        #expect(lines.contains("host: 127.0.0.1:\(server.port)"))
        #expect(lines.contains("content-type: audio/wav"))
        #expect(lines.contains("x-amz-security-token: tok-en"))
        #expect(
            lines.contains("x-amz-content-sha256: ca358758f6d27e6cf45272937977a748fd88391db679ceda7dc7bf1f005ee879"))
        #expect(!lines.contains { $0.hasPrefix("expect:") || $0.hasPrefix("transfer-encoding:") })
    }
}
