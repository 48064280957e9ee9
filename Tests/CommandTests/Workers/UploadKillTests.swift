import Crypto
import Foundation
import Glibc
import TestSupport
import Testing

/// `lathe upload` that is killed at any moment, again and again, and started anew.
struct UploadKillTests {
    /// `LATHE_UPLOAD_KILLS` asks for more.
    private static let count = ProcessInfo.processInfo.environment["LATHE_UPLOAD_KILLS"].flatMap { Int($0) } ?? 8
    private static let bytes = 40_000_003

    @Test func eachEndsCompleteAndEqualAndNothingIsLeftOpen() async throws {
        let server = try await S3TestServer.juicefs()
        try await server.makeBucket("masters")
        let proxy = try FaultProxy(to: server.port) { _ in nil }
        let folder = try ScratchFolder()
        var generator = SeededGenerator(seed: 5)
        let content = Data((0..<Self.bytes / 8 + 1).flatMap { _ in generator.next().bytes }.prefix(Self.bytes))
        try content.write(to: URL(filePath: folder.file("master.wav")))
        let environment = [
            "AWS_ACCESS_KEY_ID": server.accessKey, "AWS_SECRET_ACCESS_KEY": server.secretKey,
            "LATHE_STORAGE_ENDPOINT": proxy.endpoint, "LATHE_STORAGE_PART_MIB": "5",
            "XDG_STATE_HOME": folder.file("state"),
        ]
        var kills = 0
        for number in 0..<Self.count {
            let arguments = ["upload", "master.wav", "--json", "--to", "s3://masters/\(number)"]
            // At most so many times, or an upload that takes longer than the moments never gets through.
            for attempt in 0... {
                let moment = Duration.milliseconds(Int.random(in: 20...1200, using: &generator))
                let (outcome, _) = try await Lathe.run(arguments, environment: environment, in: folder) { lathe in
                    guard attempt < 3 else { return }
                    try await Task.sleep(for: moment)
                    kill(lathe.processIdentifier, SIGKILL)
                }
                if outcome.status == .exited(0) { break }
                try #require(attempt < 3 && outcome.status == .signaled(SIGKILL), "\(outcome.error)")
                kills += 1
            }
            let digest = try await server.boto3(
                "import hashlib\nout.write(hashlib.sha256(client.get_object(Bucket='masters', Key=argument)['Body'].read()).hexdigest().encode())",
                argument: "\(number)/master.wav")
            let expected = SHA256.hash(data: content).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            #expect(String(decoding: digest, as: UTF8.self) == expected)
        }
        let open = try await server.boto3(
            "print(len(client.list_multipart_uploads(Bucket=argument).get('Uploads', [])))", argument: "masters")
        let left = Int(String(decoding: open, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
        let sent = Double(proxy.contentBytes) / Double(Self.count * Self.bytes)
        print("\(Self.count) uploads, \(kills) kills, \(sent) times their bytes sent, \(left) uploads left open")
        #expect(left == 0)
    }
}

extension UInt64 {
    fileprivate var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
