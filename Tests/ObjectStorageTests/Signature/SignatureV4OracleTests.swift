import Foundation
import TestSupport
import Testing

@testable import ObjectStorage

/// Our signatures against botocore's, over random requests.
@Suite struct SignatureV4OracleTests {
    struct Case: Codable, Sendable {
        var method: String
        var url: String
        var headers: [[String]]
        var payloadHash: String
        var region: String
        var accessKey: String
        var secretKey: String
        var sessionToken: String?
        var time: String
    }

    /// Signs with botocore's S3SigV4Auth. The clock stands still at the request's own time; the payload's hash is the
    /// one given, as a client with a body would set it.
    private static let script = """
        import sys, json, datetime
        from unittest import mock
        import botocore.auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        signed = []
        for case in json.load(sys.stdin):
            request = AWSRequest(method=case["method"], url=case["url"])
            for name, value in case["headers"]:
                request.headers[name] = value
            auth = botocore.auth.S3SigV4Auth(
                Credentials(case["accessKey"], case["secretKey"], case.get("sessionToken")), "s3", case["region"])
            now = datetime.datetime.strptime(case["time"], "%Y%m%dT%H%M%SZ")
            with mock.patch.object(botocore.auth, "get_current_datetime", return_value=now), \\
                    mock.patch.object(auth, "payload", return_value=case["payloadHash"]):
                auth.add_auth(request)
            signed.append(request.headers["Authorization"])
        json.dump(signed, sys.stdout)
        """

    @Test("1000 random requests are signed as botocore signs them")
    func botocore() async throws {
        var generator = SeededGenerator(seed: 20_261_123)
        var cases: [Case] = []
        var ours: [String] = []
        for _ in 0..<1000 {
            let request = try RandomRequest(using: &generator)
            let sent = request.client.signed(request.operation, at: request.time)
            ours.append(try #require(sent.headers["Authorization"]))
            let configuration = request.client.configuration
            cases.append(
                Case(
                    method: sent.method.rawValue, url: sent.address.text,
                    headers: sent.headers.fields.filter { !["Authorization", "x-amz-date", "Host"].contains($0.name) }
                        .filter { $0.name != "x-amz-security-token" }.map { [$0.name, $0.value] },
                    payloadHash: try #require(sent.headers["x-amz-content-sha256"]), region: configuration.region,
                    accessKey: configuration.credentials.accessKeyID,
                    secretKey: configuration.credentials.secretAccessKey,
                    sessionToken: configuration.credentials.sessionToken, time: request.time.dateAndTime))
        }
        let output = try await TestTools.run(
            TestTools.python(), ["-c", Self.script], input: JSONEncoder().encode(cases))
        let theirs = try JSONDecoder().decode([String].self, from: output)
        #expect(theirs.count == ours.count)
        for (index, pair) in zip(ours, theirs).enumerated() where pair.0 != pair.1 {
            Issue.record("\(cases[index].method) \(cases[index].url): \(pair.0) is not botocore's \(pair.1)")
        }
    }
}

/// An S3 request with everything in it that has ever broken a signer.
private struct RandomRequest {
    let client: S3Client
    let operation: S3Request
    let time: SigningTime

    init(using generator: inout SeededGenerator) throws {
        let endpoints: [String?] = [
            nil, "http://127.0.0.1:9000", "https://x.supabase.co/storage/v1/s3", "https://[::1]:443/",
            "http://Minio.Example:80/a%20b/c", "https://s3.example.com:8443",
        ]
        let regions = ["us-east-1", "eu-central-1", "auto", "ap-southeast-2"]
        let token = Bool.random(using: &generator) ? Self.text(40, "AZaz09+/=", &generator) : nil
        var configuration = S3Configuration(
            bucket: ["tracks", "my.dotted.bucket", "Under_score"].randomElement(using: &generator) ?? "tracks",
            endpoint: endpoints.randomElement(using: &generator) ?? nil,
            region: regions.randomElement(using: &generator) ?? "us-east-1",
            credentials: S3Credentials(
                accessKeyID: "AKIA" + Self.text(16, "AZ09", &generator),
                secretAccessKey: Self.text(40, "AZaz09+/=", &generator), sessionToken: token))
        let hasName =
            configuration.endpoint?.contains(".0.0.1") != true && configuration.endpoint?.contains("::1") != true
        if hasName, configuration.bucket != "Under_score" {
            configuration.addressing =
                S3Configuration.Addressing.allCases.randomElement(using: &generator) ?? .automatic
        }
        client = S3Client(
            endpoint: try S3Endpoint(configuration), configuration: configuration, session: try .shared(),
            identity: ProviderIdentity(nil, endpointHost: nil))
        let methods: [HTTPRequest.Method] = [.get, .head, .put, .delete]
        operation = S3Request(
            action: "test", method: methods.randomElement(using: &generator) ?? .get, key: Self.key(&generator),
            query: (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                (name: "q" + Self.anything(6, &generator), value: Self.anything(8, &generator))
            },
            headers: (0..<Int.random(in: 0...3, using: &generator)).map { index in
                (name: "x-amz-meta-\(index)", value: Self.text(12, "az  \"\t=;,", &generator))
            })
        let moment = Double.random(in: 0..<4e9, using: &generator)
        time = SigningTime(Date(timeIntervalSince1970: moment))
    }

    /// A key with any byte in it, empty and dot segments included: the signer must not care.
    private static func key(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            ["", ".", "..", "+=%25 ", "%2F"].randomElement(using: &generator).flatMap {
                Int.random(in: 0..<3, using: &generator) == 0 ? $0 : nil
            } ?? anything(10, &generator)
        }.joined(separator: "/")
    }

    /// Any characters, those of one byte more often than the rest.
    private static func anything(_ length: Int, _ generator: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...length, using: &generator) {
            let limit: UInt32 = Bool.random(using: &generator) ? 0x7F : 0x1_FFFF
            let scalar = Unicode.Scalar(UInt32.random(in: 0...limit, using: &generator)) ?? "☃"
            text.unicodeScalars.append(scalar)
        }
        return text
    }

    private static func text(_ length: Int, _ alphabet: String, _ generator: inout SeededGenerator) -> String {
        String((0..<length).compactMap { _ in alphabet.randomElement(using: &generator) })
    }
}
