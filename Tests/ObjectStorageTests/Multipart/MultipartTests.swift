import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Uploads in parts, on real servers. Each has a bucket of its own, so that no other test's upload is counted.
@Suite struct MultipartTests {
    private static let partBytes: Int64 = 5 << 20
    /// Three parts and some.
    private static let fileBytes = 3 * Int(partBytes) + 12_345

    /// A store, and the keys of uploads that are open in its bucket, by boto3.
    private struct Bucket {
        let server: S3TestServer
        let store: S3ObjectStore
        let name: String

        init(_ program: S3TestServer.Program, connections: Int = 2) async throws {
            server = try await S3TestServer.shared(program)
            name = "parts-\(UInt32.random(in: 0 ... .max))"
            try await server.makeBucket(name)
            var configuration = S3Configuration(server, bucket: name, prefix: "p")
            configuration.partBytes = MultipartTests.partBytes
            configuration.connections = connections
            store = try S3ObjectStore(configuration, retries: RetryPolicy(tries: 3, base: .milliseconds(1)))
        }

        var openUploads: [String] {
            get async throws {
                let keys = try await server.boto3(
                    """
                    answer = client.list_multipart_uploads(Bucket=argument)
                    print("\\n".join(upload["Key"] for upload in answer.get("Uploads", [])))
                    """, argument: name)
                return String(decoding: keys, as: UTF8.self).split(separator: "\n").map(String.init)
            }
        }

        func put(_ file: FileDescriptor, _ journal: MemoryJournal? = nil) async throws -> StoredObject {
            try await store.put(
                file, length: try FileStamp(of: file).bytes, key: "a.wav",
                attributes: ObjectAttributes(contentType: "audio/wav"), journal: journal, progress: nil)
        }

        /// Of an upload that breaks off when so many parts are sent; from then on nothing is in its way.
        func journal(ofBroken file: FileDescriptor, after parts: Int) async -> MemoryJournal {
            let journal = MemoryJournal()
            journal.limit(to: parts)
            let broken = await Result { try await put(file, journal) }
            #expect(broken.failure?.kind == .unavailable)
            journal.limit(to: .max)
            return journal
        }
    }

    @Test(
        "What was put in parts is got back byte for byte, and no upload is left open",
        arguments: S3TestServer.Program.allCases, [1, 3])
    func roundTrip(program: S3TestServer.Program, connections: Int) async throws {
        let bucket = try await Bucket(program, connections: connections)
        let scratch = try TemporaryDirectory()
        let content = noise(Self.fileBytes)
        let file = try scratch.file("in", content)
        defer { try? file.close() }
        let stored = try await bucket.put(file)
        #expect(stored.bytes == Int64(content.count))
        #expect(try await bucket.store.content(of: "a.wav", in: scratch) == content)
        #expect(try await bucket.openUploads == [])
        let type = try await bucket.server.boto3(
            "print(client.head_object(Bucket=argument, Key='p/a.wav')['ContentType'])", argument: bucket.name)
        #expect(String(decoding: type, as: UTF8.self) == "audio/wav\n")
    }

    @Test("An upload that broke off is gone on with", arguments: S3TestServer.Program.allCases)
    func resumes(program: S3TestServer.Program) async throws {
        let bucket = try await Bucket(program, connections: 1)
        let scratch = try TemporaryDirectory()
        let content = noise(Self.fileBytes)
        let file = try scratch.file("in", content)
        defer { try? file.close() }
        let journal = await bucket.journal(ofBroken: file, after: 2)
        #expect(journal.partsAdded == [1, 2])
        _ = try await bucket.put(file, journal)
        #expect(journal.begun == 1)
        #expect(journal.partsAdded == [1, 2, 3, 4])
        #expect(journal.upload == nil)
        #expect(try await bucket.store.content(of: "a.wav", in: scratch) == content)
        #expect(try await bucket.openUploads == [])
    }

    @Test(
        "A file that changed meanwhile is sent from the start, and the former upload taken back",
        arguments: [false, true])
    func changedFile(hidesIt: Bool) async throws {
        let bucket = try await Bucket(.juicefs, connections: 1)
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("in", noise(Self.fileBytes))
        defer { try? file.close() }
        let journal = await bucket.journal(ofBroken: file, after: 2)
        let content = noise(Self.fileBytes, seed: 2)
        var former = stat()
        #expect(unsafe fstat(file.rawValue, &former) == 0)
        try file.writeAll(toAbsoluteOffset: 0, content)
        // As `rsync --inplace --times` and some editors of tags do.
        if hidesIt { #expect(unsafe futimens(file.rawValue, [former.st_atim, former.st_mtim]) == 0) }
        _ = try await bucket.put(file, journal)
        #expect(journal.begun == 2)
        #expect(journal.partsAdded == [1, 2, 1, 2, 3, 4])
        #expect(try await bucket.store.content(of: "a.wav", in: scratch) == content)
        #expect(try await bucket.openUploads == [])
    }

    @Test("A part that the store has otherwise than it was written down is sent again")
    func otherPart() async throws {
        let bucket = try await Bucket(.juicefs, connections: 1)
        let scratch = try TemporaryDirectory()
        let content = noise(Self.fileBytes)
        let file = try scratch.file("in", content)
        defer { try? file.close() }
        let journal = await bucket.journal(ofBroken: file, after: 3)
        journal.change { $0.parts[1].etag = String(repeating: "0", count: 32) }
        _ = try await bucket.put(file, journal)
        #expect(journal.partsAdded == [1, 2, 3, 2, 4])
        #expect(try await bucket.store.content(of: "a.wav", in: scratch) == content)
    }

    @Test("An upload that somebody took back is begun anew")
    func takenBack() async throws {
        let bucket = try await Bucket(.juicefs, connections: 1)
        let scratch = try TemporaryDirectory()
        let content = noise(Self.fileBytes)
        let file = try scratch.file("in", content)
        defer { try? file.close() }
        let journal = await bucket.journal(ofBroken: file, after: 2)
        await bucket.store.takeBack(try #require(journal.upload), nil)
        _ = try await bucket.put(file, journal)
        #expect(journal.begun == 2)
        #expect(try await bucket.store.content(of: "a.wav", in: scratch) == content)
    }

    /// The object was made, and then the process died before it was written down.
    @Test("An upload that was completed before is known by its ETag, and not sent again")
    func completedBefore() async throws {
        let bucket = try await Bucket(.juicefs, connections: 1)
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("in", noise(Self.fileBytes))
        defer { try? file.close() }
        let journal = await bucket.journal(ofBroken: file, after: 3)
        let before = try #require(journal.upload)
        let object = try await bucket.put(file, journal)
        var whole = before
        whole.parts = (1...4).map { number in
            let range = Int64(number - 1) * Self.partBytes..<min(Int64(Self.fileBytes), Int64(number) * Self.partBytes)
            return UploadedPart(
                number: number, etag: md5(Array(noise(Self.fileBytes)[Int(range.lowerBound)..<Int(range.upperBound)])))
        }
        try await journal.begin(whole)
        let sent = journal.partsAdded.count
        #expect(try await bucket.put(file, journal).etag == object.etag)
        #expect(journal.partsAdded.count == sent)
        #expect(journal.upload == nil)
    }

    @Test("A store that does not repeat the CRC it was sent is not taken for one that verifies it")
    func noEcho() async throws {
        let server = try await SharedBucket.server(.juicefs)
        var configuration = S3Configuration(server, bucket: SharedBucket.name, prefix: "echo")
        configuration.provider = .aws
        let store = try S3ObjectStore(configuration)
        let scratch = try TemporaryDirectory()
        let error = await Result { try await store.put([1, 2, 3], as: "k", in: scratch) }.failure
        #expect(error?.kind == .unexpectedAnswer)
        #expect(error?.message.contains("set the storage provider to generic") == true)
    }

    @Test("Without a journal a failure takes the upload back")
    func failureTakesBack() async throws {
        let bucket = try await Bucket(.juicefs, connections: 1)
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("in", noise(Self.fileBytes))
        defer { try? file.close() }
        // A file that shrinks on the way, after its first part.
        let error = await Result {
            try await bucket.store.put(
                file, length: Int64(Self.fileBytes), key: "a.wav",
                attributes: ObjectAttributes(contentType: "audio/wav"), journal: nil
            ) { sent in
                if sent > Self.partBytes { ftruncate(file.rawValue, Int(Self.partBytes)) }
            }
        }
        #expect(error.failure?.kind == .sourceChanged)
        #expect(try await bucket.store.head("a.wav") == nil)
        #expect(try await bucket.openUploads == [])
    }

    @Test(
        "Cancellation with a journal leaves the upload to be gone on with, and without one takes it back",
        arguments: [true, false])
    func cancelled(hasJournal: Bool) async throws {
        let bucket = try await Bucket(.juicefs, connections: 1)
        let scratch = try TemporaryDirectory()
        let content = noise(Self.fileBytes)
        let file = try scratch.file("in", content)
        defer { try? file.close() }
        let journal = hasJournal ? MemoryJournal() : nil
        let (begun, signal) = AsyncStream<Int64>.makeStream()
        let upload = Task {
            try await bucket.store.put(
                file, length: Int64(Self.fileBytes), key: "a.wav",
                attributes: ObjectAttributes(contentType: "audio/wav"), journal: journal
            ) { signal.yield($0) }
        }
        for await sent in begun where sent > Self.partBytes { break }
        upload.cancel()
        let error = await Result { try await upload.value }
        #expect(error.failure?.kind == .cancelled)
        #expect(try await bucket.openUploads == (hasJournal ? ["p/a.wav"] : []))
        guard let journal else { return }
        _ = try await bucket.put(file, journal)
        #expect(journal.begun == 1)
        #expect(try await bucket.store.content(of: "a.wav", in: scratch) == content)
        #expect(try await bucket.openUploads == [])
    }
}
