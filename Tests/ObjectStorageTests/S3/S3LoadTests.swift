import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import ObjectStorage

@Suite struct S3LoadTests {
    @Test("A hundred puts at once of one 8 MiB file each arrive whole, in bounded memory", .timeLimit(.minutes(3)))
    func concurrentPuts() async throws {
        let store = try await SharedBucket.store(on: .juicefs)
        let scratch = try TemporaryDirectory()
        let size = 8 << 20
        let content = noise(size)
        let file = try scratch.file("source", content)
        defer { try? file.close() }
        let before = try peakMemory()
        let etags = try await withThrowingTaskGroup(of: String?.self) { group in
            for index in 0..<100 {
                group.addTask {
                    try await store.put(
                        file, length: Int64(size), key: "track/\(index)",
                        attributes: ObjectAttributes(contentType: "audio/wav")
                    ).etag
                }
            }
            return try await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(etags == Array(repeating: md5(content), count: 100))
        #expect(try await store.list(prefix: "track/").map(\.bytes) == Array(repeating: Int64(size), count: 100))
        // 64 transfers with 512 KiB of buffers each, and room for the tests that run beside this one; what is sent is
        // 800 MiB.
        #expect(try peakMemory() - before < 300 << 20)
    }

    /// The process's largest resident size so far in bytes.
    private func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }) * 1024
    }
}
