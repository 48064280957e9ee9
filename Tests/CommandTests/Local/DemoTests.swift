import Foundation
import Testing

struct DemoTests {
    private let folder: ScratchFolder
    /// The private server's folder and the stored files go here.
    private let temporary: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        temporary = try ScratchFolder()
        // The server runs as another user where this one is root, and has to pass through.
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: temporary.path)
    }

    private func makeMusic(lengths: [Int]) async throws -> String {
        let music = try folder.folder("music")
        for (index, length) in lengths.enumerated() {
            try Tone(count: length).write(to: "\(music)/\(index).wav")
        }
        try await Tool.run(
            "ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", "\(music)/c.png"])
        let tracks = lengths.indices.map { #"{"file": "\#($0).wav", "title": "Movement \#($0)"}"# }
        try folder.write(
            """
            {"artist": "The Turners", "title": "Suite", "genre": "Classical", "cover": "c.png",
             "tracks": [\(tracks.joined(separator: ", "))]}
            """, as: "music/release.json")
        return music
    }

    @Test func theDemoShowsEveryTrackAndLeavesItsFilesAlone() async throws {
        let lengths = [44_100 * 3, 100_037]
        let music = try await makeMusic(lengths: lengths)
        let outcome = try await Lathe.run(
            ["demo", "--music", music, "--out", "stored"], environment: ["TMPDIR": temporary.path], in: folder)
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.output.contains("Suite — The Turners: PENDING_REVIEW"))
        for (index, length) in lengths.enumerated() {
            let row = try #require(outcome.outputLines.first { $0.contains("  Movement \(index)  ") })
            let path = try #require(row.split(separator: " ").last.map(String.init))
            #expect(path.hasPrefix(folder.file("stored")))
            #expect(try await Tool.samplesByFFmpeg(path) == length)
        }
        #expect(temporary.names == [], "the private server's folder is gone")
    }

    @Test func aStoppedDemoTakesItsServerAlong() async throws {
        let music = try await makeMusic(lengths: [44_100 * 480])
        let temporary = temporary
        let (outcome, _) = try await Lathe.run(
            ["demo", "--music", music, "--out", "stored"], environment: ["TMPDIR": temporary.path], in: folder
        ) { lathe in
            try await eventually("the release is submitted") { lathe.output.contains("submitted \"Suite\"") }
            lathe.signal(SIGINT)
        }
        #expect(outcome.status == .exited(1), "\(outcome.error)")
        #expect(outcome.errorLines.last == "lathe: stopped before the release was complete", "\(outcome.error)")
        #expect(temporary.names == [])
    }

    @Test func musicThatIsNotThereIsNamed() async throws {
        let outcome = try await Lathe.run(
            ["demo", "--music", "nowhere"], environment: ["TMPDIR": temporary.path], in: folder)
        #expect(outcome.status == .exited(78))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.error.contains("nowhere/release.json"), "\(outcome.error)")
        #expect(temporary.names == [])
    }
}
