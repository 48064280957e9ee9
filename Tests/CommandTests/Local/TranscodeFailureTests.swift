import Foundation
import SystemPackage
import TestSupport
import Testing

struct TranscodeFailureTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func transcode(_ arguments: [String]) async throws -> Lathe.Outcome {
        try await Lathe.run(["transcode"] + arguments, in: folder)
    }

    @Test(arguments: [
        ["a.wav", "b.wav", "-o", "c.mp3"], ["sub", "-o", "c.mp3"], ["a.wav", "-o", "c.mp3", "--out-dir", "d"],
        ["a.wav", "a.flac"],
        ["a.wav", "./a.flac"], ["a.wav", "sub/a.wav", "--out-dir", "d"],
        ["a.wav", "sub/", "--out-dir", "d"], ["", "--out-dir", "d"], ["a.wav", "-o", ".."],
    ])
    func targetsThatCannotBeAreAUsageErrorAndNothingIsDone(arguments: [String]) async throws {
        _ = try folder.folder("sub")
        for name in ["a.wav", "b.wav", "a.flac", "sub/a.wav"] { try Tone(count: 5000).write(to: folder.file(name)) }
        let before = folder.names
        let outcome = try await transcode(arguments)
        #expect(outcome.status == .exited(64))
        #expect(outcome.output == "")
        #expect(!outcome.error.isEmpty)
        #expect(folder.names == before)
    }

    @Test func badFilesAreNamedInALineEachAndTheOthersAreDone() async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        try Tone(count: 20_000).write(to: folder.file("also.wav"))
        try folder.write("These are words, not music.\n", as: "text.wav")
        try folder.write("", as: "empty.wav")
        let bad = ["missing.wav", "/dev/null", "text.wav", "empty.wav"]
        let before = folder.names + [".lathe-transcoded.jsonl"]
        let outcome = try await transcode(["good.wav"] + bad + ["also.wav"])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.count == bad.count + 1)
        for name in bad {
            #expect(outcome.errorLines.count { $0.hasPrefix("lathe: \(name): ") } == 1, "\(outcome.error)")
        }
        #expect(outcome.errorLines.last == "lathe: 4 of 6 files were not transcoded")
        #expect(folder.names == (before + ["also.mp3", "good.mp3"]).sorted())
    }

    @Test func aCoverThatIsNotThereIsAnErrorThatNamesIt() async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        let outcome = try await transcode(["good.wav", "--cover", "missing.png"])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.first == "lathe: the cover missing.png: no such file")
        #expect(folder.names == ["good.wav"])
    }

    @Test(arguments: ["text.png", "c.webp", "cut.png"])
    func aCoverThatCannotGoIntoTheTagIsAnErrorBeforeAnythingIsMade(cover: String) async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        for name in ["c.webp", "c.png"] {
            try await Tool.run(
                "ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", folder.file(name)])
        }
        try Data(contentsOf: URL(filePath: folder.file("c.png"))).dropLast(500)
            .write(to: URL(filePath: folder.file("cut.png")))
        try folder.write("words", as: "text.png")
        let before = folder.names
        let outcome = try await transcode(["good.wav", "--cover", cover])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.error.hasPrefix("lathe: the cover \(cover) cannot go into the tag: "), "\(outcome.error)")
        #expect(outcome.error.hasSuffix("; give another JPEG or PNG\n"))
        #expect(folder.names == before)
        #expect(try await transcode(["good.wav", "--cover", "c.png"]).status == .exited(0))
    }

    @Test func theOnlyFileHasTheOnlyLine() async throws {
        for command in ["transcode", "probe", "analyze"] {
            let outcome = try await Lathe.run([command, "missing.wav"], in: folder)
            #expect(outcome.status == .exited(1))
            #expect(outcome.error == "lathe: missing.wav: no such file\n")
        }
    }

    @Test func aFileThatIsNamedTwiceIsTranscodedOnce() async throws {
        try Tone(count: 20_000).write(to: folder.file("a.wav"))
        let outcome = try await transcode(["a.wav", "./a.wav", "a.wav", "--verbose"])
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.output.contains("./a.wav  left out: named before"), "\(outcome.output)")
        #expect(outcome.output.contains("1 file: 1 transcoded"), "\(outcome.output)")
    }

    /// As `lathe transcode *` does from the second time on.
    @Test func mp3sNamedBesideTheirMastersAreLeftOut() async throws {
        for name in ["a", "b"] { try Tone(count: 20_000).write(to: folder.file("\(name).wav")) }
        #expect(try await transcode(["a.wav", "b.wav"]).status == .exited(0))
        let again = try await transcode(["a.mp3", "a.wav", "b.mp3", "b.wav"])
        #expect(again.status == .exited(0), "\(again.error)")
        #expect(again.output.contains("2 files: 2 already done"), "\(again.output)")
        let alone = try await transcode(["a.mp3", "b.wav"])
        #expect(alone.status == .exited(64))
        #expect(
            alone.error == "lathe: a.mp3 would be replaced by its own MP3: name another file or --out-dir\n")
    }

    @Test(arguments: ["file/below", "/proc/lathe"])
    func aFolderThatCannotBeMadeIsNamedInOneLine(target: String) async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        try folder.write("in the way", as: "file")
        let outcome = try await transcode(["good.wav", "--out-dir", target])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.error.hasPrefix("lathe: ") && outcome.error.contains(target), "\(outcome.error)")
        #expect(folder.names == ["file", "good.wav"])
    }

    @Test func anOutputInAFolderThatIsNotThereIsNamed() async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        let outcome = try await transcode(["good.wav", "-o", "nowhere/good.mp3"])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.first?.contains("nowhere/good.mp3") == true)
        #expect(folder.names == ["good.wav"])
    }

    @Test func aMediaProgramThatIsNotThereIsBadConfiguration() async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        for command in ["transcode", "probe"] {
            let outcome = try await Lathe.run(
                [command, "good.wav"], environment: ["LATHE_MEDIA_PATH": "/nowhere/lathe-media"], in: folder)
            #expect(outcome.status == .exited(78))
            #expect(outcome.errorLines.count == 1)
            #expect(outcome.error.contains("/nowhere/lathe-media"))
        }
    }

    @Test(.enabled(if: SmallDisk.isPossible, "a small file system can be mounted only as root"))
    func aFullDiskIsSaidAndLeftClean() async throws {
        let disk = try SmallDisk(bytes: 256 << 10)
        try Tone(seconds: 20).write(to: folder.file("long.wav"))
        let outcome = try await transcode(["long.wav", "--out-dir", disk.path.string])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.errorLines.first?.hasPrefix("lathe: long.wav: ") == true)
        #expect(outcome.error.contains("full") || outcome.error.contains("No space"), "\(outcome.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path.string) == [])
    }
}
