import SystemPackage
import Testing

@testable import ObjectStorage

@Suite struct HTTPDownloaderTests {
    typealias Server = ScriptedServer

    private func download(
        _ url: String, hosts: Set<String> = ["127.0.0.1"], maximumBytes: Int64 = 1000
    ) async -> (result: Result<Int64, ObjectStorageError>, content: [UInt8]) {
        var content: [UInt8] = []
        let result = await Result {
            let scratch = try TemporaryDirectory()
            let file = try scratch.file("download", [9, 9, 9, 9, 9, 9, 9, 9])
            defer { try? file.close() }
            let downloader = try HTTPDownloader(
                allowedHosts: hosts, timeouts: HTTPTimeouts(), session: nil,
                retries: RetryPolicy(tries: 2, base: .milliseconds(1)))
            let bytes = try await downloader.download(url, into: file, maximumBytes: maximumBytes)
            content = try file.content()
            return bytes
        }
        return (result, content)
    }

    @Test("A file from an allowed host is written whole, and its query is sent as it is")
    func downloads() async throws {
        let server = try Server([.reset, .answer(Server.response("200 OK", body: "12345"))])
        let (result, content) = await download("\(server.endpoint)/a/../b%20c?sig=x%2Fy+z", maximumBytes: 5)
        #expect(try result.get() == 5)
        #expect(content == Array("12345".utf8))
        #expect(server.requests.last?.hasPrefix("GET /a/../b%20c?sig=x%2Fy+z HTTP/1.1\r\n") == true)
    }

    @Test("One byte too many is rejected", arguments: ["Content-Length: 6\r\n", "Connection: close\r\n"])
    func tooLarge(header: String) async throws {
        let server = try Server([.refuseEarly("HTTP/1.1 200 OK\r\n\(header)\r\n123456")])
        let (result, _) = await download("\(server.endpoint)/k?secret=1", maximumBytes: 5)
        #expect(result.failure?.kind == .rejected)
        #expect(result.failure?.description.contains("secret") == false)
    }

    @Test(
        "Statuses that bring no file",
        arguments: [
            ("302 Found", ObjectStorageError.Kind.rejected), ("404 Not Found", .notFound),
            ("403 Forbidden", .accessDenied),
            ("429 Slow", .throttled), ("500 Broken", .unavailable), ("206 Partial", .unexpectedAnswer),
        ])
    func statuses(status: String, kind: ObjectStorageError.Kind) async throws {
        let answer = Server.response(status, ["Location: http://127.0.0.1:1/"], body: "x")
        let server = try Server([.answer(answer), .answer(answer)])
        #expect(await download("\(server.endpoint)/k").result.failure?.kind == kind)
    }

    @Test(
        "URLs that are not allowed are rejected before anything is sent",
        arguments: [
            "http://127.0.0.2/k", "http://127.0.0.1.evil/k", "http://x@127.0.0.1/k", "ftp://127.0.0.1/k",
            "file:///etc/passwd", "//127.0.0.1/k", "", "http://", "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y",
        ])
    func refused(url: String) async {
        #expect(await download(url).result.failure?.kind == .rejected)
    }
}
