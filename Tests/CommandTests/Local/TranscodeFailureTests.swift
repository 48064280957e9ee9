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
        ["a.wav", "./a.flac"], ["a.wav", "sub/a.wav", "--out-dir", "d"], ["a.wav", "a.wav"],
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

    @Test func aCoverThatIsNoPictureIsLeftOutWithANote() async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        try folder.write("words", as: "text.png")
        let outcome = try await transcode(["good.wav", "--cover", "text.png"])
        #expect(outcome.status == .exited(0))
        #expect(outcome.outputLines.last?.hasPrefix("  note: ") == true, "\(outcome.output)")
        #expect(outcome.outputLines.last?.contains("cover") == true, "\(outcome.output)")
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
        #expect(outcome.errorLines.count == 2)
        #expect(outcome.errorLines.first?.hasPrefix("lathe: long.wav: ") == true)
        #expect(outcome.error.contains("full") || outcome.error.contains("No space"), "\(outcome.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path.string) == [])
    }
}
