import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Uploads in parts to a real server, through a proxy that spoils some of their requests. However they end, an object
/// is the file's, byte for byte, or there is none.
@Suite(.serialized) struct MultipartFaultTests {
    private static let partBytes: Int64 = 5 << 20
    private static let fileBytes = 2 * Int(partBytes) + 4321  // Three parts.

    /// Where in an upload a fault comes.
    enum Step: String, Sendable, CaseIterable {
        case initiate, part, complete

        func isStep(_ request: FaultProxy.Request) -> Bool {
            switch self {
            case .initiate: request.method == "POST" && request.target.hasSuffix("?uploads=")
            case .part: request.method == "PUT" && request.target.contains("partNumber=2&")
            case .complete: request.method == "POST" && request.target.contains("uploadId=")
            }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let fault: FaultProxy.Fault
        var testDescription: String { name }
    }

    static func error(_ status: String, _ code: String, _ field: String = "X-Nothing: 1") -> String {
        let body = "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>m</Message></Error>"
        return "HTTP/1.1 \(status)\r\n\(field)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static let passing = [
        Case(name: "500", fault: .answer(error("500 Internal Server Error", "InternalError"))),
        Case(name: "503 SlowDown", fault: .answer(error("503 Slow Down", "SlowDown", "Retry-After: 0"))),
        Case(name: "429", fault: .answer(error("429 Too Many Requests", "TooManyRequests"))),
        Case(name: "400 RequestTimeout", fault: .answer(error("400 Bad Request", "RequestTimeout"))),
        Case(name: "200 with an error", fault: .answer(error("200 OK", "InternalError"))),
        Case(name: "reset before content", fault: .reset(after: 0)),
        Case(name: "reset within content", fault: .reset(after: 2_000_000)),
        Case(name: "lost answer", fault: .loseAnswer),
        Case(name: "answer cut in its header", fault: .cutAnswer(to: 30)),
        Case(name: "silence", fault: .stall),
    ]

    private struct Bucket {
        let server: S3TestServer
        let proxy: FaultProxy
        let store: S3ObjectStore
        let name: String

        /// Spoils the first request of a kind, or all of them.
        init(_ step: Step, _ fault: FaultProxy.Fault, isForGood: Bool = false) async throws {
            server = try await S3TestServer.shared(.juicefs)
            name = "faults-\(UInt32.random(in: 0 ... .max))"
            try await server.makeBucket(name)
            let spoilt = SpoiltOnce(isForGood: isForGood)
            proxy = try FaultProxy(to: server.port) { step.isStep($0) && spoilt.isNext() ? fault : nil }
            var configuration = S3Configuration(server, bucket: name)
            configuration.endpoint = proxy.endpoint
            configuration.partBytes = MultipartFaultTests.partBytes
            // Only silence is waited for; a machine under load may be slow for a while.
            if case .stall = fault {
                configuration.timeouts = HTTPTimeouts(stall: .seconds(3), answer: .seconds(3))
            }
            store = try S3ObjectStore(configuration, retries: RetryPolicy(tries: 3, base: .milliseconds(1)))
        }

        func put(_ file: FileDescriptor) async throws -> StoredObject {
            try await store.put(
                file, length: try FileStamp(of: file).bytes, key: "a.wav",
                attributes: ObjectAttributes(contentType: "audio/wav"))
        }

        var openUploads: Int {
            get async throws {
                let count = try await server.boto3(
                    "print(len(client.list_multipart_uploads(Bucket=argument).get('Uploads', [])))", argument: name)
                return Int(String(decoding: count, as: UTF8.self).trimmingWhiteSpace()) ?? -1
            }
        }
    }

    private final class SpoiltOnce: Sendable {
        private let isForGood: Bool
        private let isOver = Atomic(false)

        init(isForGood: Bool) {
            self.isForGood = isForGood
        }

        func isNext() -> Bool { isForGood || !isOver.exchange(true, ordering: .relaxed) }
    }

    @Test("What goes wrong once costs nothing but time", arguments: Step.allCases, passing)
    func passes(step: Step, fault: Case) async throws {
        let bucket = try await Bucket(step, fault.fault)
        let scratch = try TemporaryDirectory()
        let content = noise(Self.fileBytes)
        let file = try scratch.file("in", content)
        defer { try? file.close() }
        let stored = try await bucket.put(file)
        #expect(stored.bytes == Int64(content.count))
        #expect(try await bucket.store.content(of: "a.wav", in: scratch) == content)
        // Also the one whose beginning was answered, and the answer not heard of.
        #expect(try await bucket.openUploads == 0)
    }

    @Test(
        "What goes wrong for good is the store's, publishes nothing, and leaves no upload",
        arguments: [
            (Step.part, FaultProxy.Fault.damageContent, ObjectStorageError.Kind.integrity),
            // The gateway verifies what it gets, so no MD5 is taken here; that the tag is another is the gateway's to
            // say.
            (
                .part, .replace("ETag: \"", with: "ETag: \"\(String(repeating: "0", count: 32))\"\r\nX-Tag: \""),
                .rejected
            ),
            (.part, .answer(error("503 Slow Down", "SlowDown")), .throttled),
            (.part, .answer(error("403 Forbidden", "AccessDenied")), .accessDenied),
            (.complete, .answer(error("400 Bad Request", "InvalidPart")), .rejected),
            (.complete, .answer(error("200 OK", "InternalError")), .unavailable),
        ])
    func fails(step: Step, fault: FaultProxy.Fault, kind: ObjectStorageError.Kind) async throws {
        let bucket = try await Bucket(step, fault, isForGood: true)
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("in", noise(Self.fileBytes))
        defer { try? file.close() }
        let error = await Result { try await bucket.put(file) }.failure
        #expect(error?.kind == kind, "\(String(describing: error))")
        #expect(error?.description.contains("a.wav") == true)
        #expect(try await bucket.store.head("a.wav") == nil)
        #expect(try await bucket.openUploads == 0)
    }

    @Test("A wrong ETag of the whole is integrity")
    func wrongWhole() async throws {
        let bucket = try await Bucket(.complete, .replace("-3&#34;", with: "-4&#34;"), isForGood: true)
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("in", noise(Self.fileBytes))
        defer { try? file.close() }
        let error = await Result { try await bucket.put(file) }.failure
        #expect(error?.kind == .integrity, "\(String(describing: error))")
    }
}
