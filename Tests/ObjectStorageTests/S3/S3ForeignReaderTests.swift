import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

/// Clients that are not ours read what we wrote, and write what we read.
@Suite struct S3ForeignReaderTests {
    @Test("boto3 reads our bytes and attributes", arguments: S3TestServer.Program.allCases)
    func boto3Reads(program: S3TestServer.Program) async throws {
        let server = try await SharedBucket.server(program)
        let store = try await SharedBucket.store(on: program)
        let scratch = try TemporaryDirectory()
        let content = noise(3_333_333)
        let key = "audio/tr äck+1=%.wav"
        _ = try await store.put(content, as: key, in: scratch)
        let answer = try await server.boto3(
            """
            object = client.get_object(Bucket="\(SharedBucket.name)", Key=argument)
            out.write(object["ContentType"].encode() + b"\\n" + object["Body"].read())
            """, argument: store.wholeKey(key))
        #expect(answer == Data("audio/wav\n".utf8) + Data(content))
    }

    @Test("The aws command reads our bytes")
    func awsReads() async throws {
        let server = try await SharedBucket.server(.juicefs)
        let store = try await SharedBucket.store(on: .juicefs)
        let scratch = try TemporaryDirectory()
        let content = noise(1_000_003)
        _ = try await store.put(content, as: "track.wav", in: scratch)
        let copy = scratch.path.appending("copy")
        _ = try await TestTools.run(
            TestTools.path(of: "aws"),
            ["--endpoint-url", server.endpoint, "--region", "us-east-1", "s3api", "get-object"]
                + ["--bucket", SharedBucket.name, "--key", store.wholeKey("track.wav"), copy.string],
            environment: ["AWS_ACCESS_KEY_ID": server.accessKey, "AWS_SECRET_ACCESS_KEY": server.secretKey])
        let file = try FileDescriptor.open(copy, .readOnly)
        defer { try? file.close() }
        #expect(try file.content() == content)
    }

    @Test("We read what boto3 wrote in parts, whose ETag is no MD5", arguments: [S3TestServer.Program.juicefs, .moto])
    func boto3Writes(program: S3TestServer.Program) async throws {
        let server = try await SharedBucket.server(program)
        let store = try await SharedBucket.store(on: program)
        let scratch = try TemporaryDirectory()
        _ = try await server.boto3(
            """
            from boto3.s3.transfer import TransferConfig
            import io
            client.upload_fileobj(io.BytesIO(b"lathe" * 2_000_000), "\(SharedBucket.name)", argument,
                Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
            """, argument: store.wholeKey("parts"))
        let content = try await store.content(of: "parts", in: scratch)
        #expect(content == Array(String(repeating: "lathe", count: 2_000_000).utf8))
        #expect(try await store.head("parts")?.etag?.contains("-2") == true)
    }
}
