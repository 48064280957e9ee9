import Foundation
import Logging
import MediaContract
import MediaSandbox
import SystemPackage
import Testing

/// Every fixture, sound and broken, through the whole confinement: a list of system calls that is too short shows here.
@Suite(.timeLimit(.minutes(10))) struct FixtureTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures")

    private static func files(in folders: String...) -> [String] {
        folders.flatMap { folder in
            let names = try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
            return (names ?? []).sorted().map { "\(folder)/\($0)" }
        }
    }

    private let folder: TemporaryFolder
    private let sandbox: MediaSandbox

    init() throws {
        folder = try TemporaryFolder()
        sandbox = MediaSandbox(
            executable: try MediaSandbox.locateExecutable(explicit: nil), logger: Logger(label: "test"))
    }

    private func open(_ name: String) throws -> FileDescriptor {
        try FileDescriptor.open(FilePath(Self.root.appending(path: name).path), .readOnly, options: .closeOnExec)
    }

    @Test func areThere() {
        #expect(Self.files(in: "audio").count >= 50)
        #expect(Self.files(in: "broken-audio", "images", "broken-images").count >= 40)
    }

    @Test(arguments: files(in: "audio"), [1, 3])
    func transcodes(_ name: String, threads: Int) async throws {
        let input = try open(name)
        let cover = try open("images/jpeg-500.jpg")
        let output = try folder.output()
        defer { for file in [input, cover, output] { try? file.close() } }
        let report = try await sandbox.transcode(
            input, to: output, profile: .mp3At320, tags: TrackTags(title: name), cover: cover, threads: threads,
            analyzes: true)
        #expect(report.sampleFrames > 0)
    }

    @Test(arguments: files(in: "audio"))
    func inspects(_ name: String) async throws {
        let input = try open(name)
        defer { try? input.close() }
        #expect(try await sandbox.inspectAudio(input).sampleFrames > 0)
    }

    /// The fixtures are made without dates; all others have one (ISO/IEC 14496-12 §8.2.2: seconds since 1904).
    @Test func inspectsWhatHasADate() async throws {
        let input = try folder.output()
        defer { try? input.close() }
        var bytes = try [UInt8](Data(contentsOf: Self.root.appending(path: "audio/m4a-aac-44100-stereo.m4a")))
        let header = try #require(bytes.firstRange(of: Array("mvhd".utf8))).upperBound
        bytes.replaceSubrange(header + 4..<header + 8, with: [0xE0, 0, 0, 0])
        try input.writeAll(toAbsoluteOffset: 0, bytes)
        #expect(try await sandbox.inspectAudio(input).sampleFrames > 0)
    }

    @Test(arguments: files(in: "broken-audio"), [1, 3])
    func refusesWhatIsBroken(_ name: String, threads: Int) async throws {
        let input = try open(name)
        let output = try folder.output()
        defer { for file in [input, output] { try? file.close() } }
        let failure = await #expect(throws: MediaFailure.self) {
            try await sandbox.transcode(
                input, to: output, profile: .mp3At320, tags: TrackTags(), cover: nil, threads: threads,
                analyzes: true)
        }
        #expect(failure?.isPermanent == true, "\(failure?.message ?? "")")
    }

    @Test(arguments: files(in: "images"))
    func inspectsPictures(_ name: String) async throws {
        let input = try open(name)
        defer { try? input.close() }
        #expect(try await sandbox.inspectImage(input).width > 0)
    }

    @Test(arguments: files(in: "broken-images"))
    func refusesBrokenPictures(_ name: String) async throws {
        let input = try open(name)
        defer { try? input.close() }
        let failure = await #expect(throws: MediaFailure.self) { try await sandbox.inspectImage(input) }
        #expect(failure?.isPermanent == true, "\(failure?.message ?? "")")
    }
}
