import Foundation
import SystemPackage
import Testing

/// A batch that is run again: what is done stays, whatever it is called, and nobody else's file is touched.
struct TranscodeResumeTests {
    private let folder: ScratchFolder
    private static let record = "out/.lathe-transcoded.jsonl"

    init() throws {
        folder = try ScratchFolder()
        _ = try folder.folder("music")
        try Tone(count: 30_000).write(to: folder.file("music/a.wav"))
        try Tone(count: 40_000).write(to: folder.file("music/b.wav"))
    }

    private func transcode(_ arguments: String..., source: String = "music/") async throws -> Lathe.Outcome {
        try await Lathe.run(["transcode", source, "--out-dir", "out"] + arguments, in: folder)
    }

    private func firstRun() async throws {
        let outcome = try await transcode()
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.output.contains("2 files: 2 transcoded"))
    }

    private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: folder.file(name))) }

    private func inode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: folder.file(name))[.systemFileNumber] as? Int
    }

    private func samples(_ name: String) async throws -> Int { try await Tool.samplesByMpg123(folder.file(name)) }

    @Test func whatIsDoneIsNotTouched() async throws {
        try await firstRun()
        let before = try inode("out/a.mp3")
        for _ in 1...2 {
            let again = try await transcode()
            #expect(again.status == .exited(0))
            #expect(
                again.outputLines == ["out/a.mp3", "out/b.mp3"].map { "\($0)  already done" }
                    + ["2 files: 2 already done"] || again.outputLines.last == "2 files: 2 already done")
        }
        #expect(try inode("out/a.mp3") == before)
    }

    @Test func theRecordHasTheHashesThatXXHashComputes() async throws {
        try await firstRun()
        let record = try folder.text(Self.record)
        for name in ["music/a.wav", "music/b.wav", "out/a.mp3", "out/b.mp3"] {
            let line = String(decoding: try await Tool.run("xxh128sum", [folder.file(name)]), as: UTF8.self)
            #expect(record.contains("_xxh128\":\"\(line.prefix(32))\""), "\(name): \(line)")
        }
    }

    @Test func aMasterWithAnotherNameOrPlaceIsKnownByItsBytes() async throws {
        try await firstRun()
        let made = try bytes("out/a.mp3")
        _ = try folder.folder("music/sub")
        try FileManager.default.moveItem(
            atPath: folder.file("music/a.wav"), toPath: folder.file("music/sub/renamed.wav"))
        let again = try await transcode()
        #expect(again.status == .exited(0))
        #expect(
            again.outputLines.contains("out/sub/renamed.mp3  copied from out/a.mp3, which has the same audio"),
            "\(again.output)")
        #expect(again.outputLines.last == "2 files: 1 copied, 1 already done")
        #expect(try bytes("out/sub/renamed.mp3") == made)
        #expect(try bytes("out/a.mp3") == made)
        // Copies, so that editing one's tags leaves the other as it is.
        #expect(try inode("out/a.mp3") != inode("out/sub/renamed.mp3"))
        #expect(try await transcode().outputLines.last == "2 files: 2 already done")
    }

    @Test func anotherMasterUnderTheSameNameIsTranscodedAndItsFormerMP3Replaced() async throws {
        try await firstRun()
        let modified = try FileManager.default.attributesOfItem(atPath: folder.file("music/a.wav"))[.modificationDate]
        // As long as before and with the time of before: only its bytes tell.
        try Tone(rate: 48_000, count: 30_000).write(to: folder.file("music/a.wav"))
        try FileManager.default.setAttributes(
            [.modificationDate: try #require(modified)], ofItemAtPath: folder.file("music/a.wav"))
        let again = try await transcode()
        #expect(again.status == .exited(0), "\(again.error)")
        #expect(again.output.contains("2 files: 1 transcoded, 1 already done"), "\(again.output)")
        #expect(try await Tool.ffprobe(folder.file("out/a.mp3")).contains("sample_rate=48000"))
        #expect(try await transcode().outputLines.last == "2 files: 2 already done")
    }

    @Test func mastersThatSwapNamesGetEachOthersMP3() async throws {
        try await firstRun()
        for (from, to) in [("a", "x"), ("b", "a"), ("x", "b")] {
            try FileManager.default.moveItem(
                atPath: folder.file("music/\(from).wav"), toPath: folder.file("music/\(to).wav"))
        }
        #expect(try await transcode().status == .exited(0))
        #expect(try await samples("out/a.mp3") == 40_000)
        #expect(try await samples("out/b.mp3") == 30_000)
    }

    @Test(arguments: [["--title", "Other"], ["--cover", "cover.jpg"]])
    func otherTagsOrAnotherCoverMakeAnotherMP3(arguments: [String]) async throws {
        try await firstRun()
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", folder.file("cover.jpg")])
        let before = try bytes("out/a.mp3")
        let again = try await Lathe.run(["transcode", "music/", "--out-dir", "out"] + arguments, in: folder)
        #expect(again.output.contains("2 files: 2 transcoded"), "\(again.output)\(again.error)")
        #expect(try bytes("out/a.mp3") != before)
        let same = try await Lathe.run(["transcode", "music/", "--out-dir", "out"] + arguments, in: folder)
        #expect(same.outputLines.last == "2 files: 2 already done")
    }

    @Test func anMP3ThatIsGoneIsMadeAgain() async throws {
        try await firstRun()
        let before = try bytes("out/a.mp3")
        try FileManager.default.removeItem(atPath: folder.file("out/a.mp3"))
        #expect(try await transcode().output.contains("2 files: 1 transcoded, 1 already done"))
        #expect(try bytes("out/a.mp3") == before)
    }

    @Test func anMP3ThatSomebodyChangedOrPutThereIsKeptUnlessForced() async throws {
        try await firstRun()
        var edited = try bytes("out/a.mp3")
        edited[edited.count / 2] ^= 1
        try edited.write(to: URL(filePath: folder.file("out/a.mp3")))
        try Tone(count: 50_000).write(to: folder.file("music/c.wav"))
        try folder.write("mine", as: "out/c.mp3")
        _ = try folder.folder("out/d.mp3")
        try Tone(count: 60_000).write(to: folder.file("music/d.wav"))
        let again = try await transcode()
        #expect(again.status == .exited(1))
        #expect(
            again.errorLines.sorted() == [
                "lathe: 3 of 4 files were not transcoded",
                "lathe: music/a.wav: out/a.mp3 was changed since it was made; --force replaces it",
                "lathe: music/c.wav: out/c.mp3 is already there; --force replaces it",
                "lathe: music/d.wav: out/d.mp3 is a folder; the MP3 would take its place",
            ])
        #expect(try bytes("out/a.mp3") == edited)
        #expect(try folder.text("out/c.mp3") == "mine")

        let forced = try await transcode("--force")
        #expect(forced.errorLines.count == 2, "only the folder stays: \(forced.error)")
        #expect(try await samples("out/a.mp3") == 30_000)
        #expect(try await samples("out/c.mp3") == 50_000)
    }

    @Test func withoutResumingNoRecordIsReadOrWritten() async throws {
        let first = try await transcode("--no-resume")
        #expect(first.status == .exited(0))
        #expect(!folder.has(Self.record))
        let again = try await transcode("--no-resume")
        #expect(again.status == .exited(1))
        #expect(again.errorLines.count { $0.hasSuffix("is already there; --force replaces it") } == 2)
        #expect(try await transcode("--no-resume", "--force").output.contains("2 files: 2 transcoded"))
    }

    @Test(arguments: [
        "{\"made\":{\"output\":\"a.m", "\u{0}\u{0}\u{0}", "not JSON\n", "{\"made\":{}}\n{}\n[]\n",
        "{\"known\":{\"xxh128\":\"zz\",\"stamp\":{}}}\n",
    ])
    func whatACrashLeftInTheRecordCostsOnlyItself(tail: String) async throws {
        try await firstRun()
        let file = try FileHandle(forWritingTo: URL(filePath: folder.file(Self.record)))
        try file.seekToEnd()
        try file.write(contentsOf: Data(tail.utf8))
        try file.close()
        try Tone(count: 50_000).write(to: folder.file("music/c.wav"))
        #expect(try await transcode().output.contains("3 files: 1 transcoded, 2 already done"))
        #expect(try await transcode().outputLines.last == "3 files: 3 already done")
    }

    @Test func aRecordThatLeadsOutOfItsFolderIsNotFollowed() async throws {
        try await firstRun()
        let foreign = try folder.write("secret", as: "secret.mp3")
        let record = try folder.text(Self.record)
        try folder.write(
            record.replacing("\"output\":\"a.mp3\"", with: "\"output\":\"../secret.mp3\""), as: Self.record)
        let again = try await transcode()
        #expect(again.errorLines.first == "lathe: music/a.wav: out/a.mp3 is already there; --force replaces it")
        #expect(try String(contentsOfFile: foreign, encoding: .utf8) == "secret")
    }

    @Test func runsSideBySideInOneFolderAgree() async throws {
        for number in 1...6 { try Tone(count: 20_000 + number).write(to: folder.file("music/\(number).wav")) }
        try await withThrowingTaskGroup(of: Lathe.Outcome.self) { group in
            for _ in 1...3 { group.addTask { try await transcode() } }
            for try await outcome in group {
                #expect(outcome.status == .exited(0), "\(outcome.output)\(outcome.error)")
            }
        }
        for number in 1...6 { #expect(try await samples("out/\(number).mp3") == 20_000 + number) }
        #expect(folder.names.count { $0.hasPrefix("out/") } == 9)
        #expect(try await transcode().outputLines.last == "8 files: 8 already done")
    }

    @Test func besideTheirMastersABatchIsResumedTooAndASingleFileLeavesNoRecord() async throws {
        #expect(try await Lathe.run(["transcode", "music/a.wav"], in: folder).status == .exited(0))
        #expect(folder.names == ["music", "music/a.mp3", "music/a.wav", "music/b.wav"])
        try FileManager.default.removeItem(atPath: folder.file("music/a.mp3"))
        for expected in ["2 files: 2 transcoded", "2 files: 2 already done"] {
            let outcome = try await Lathe.run(["transcode", "music/a.wav", "music/b.wav"], in: folder)
            #expect(outcome.output.contains(expected), "\(outcome.output)\(outcome.error)")
        }
        #expect(folder.has("music/.lathe-transcoded.jsonl"))
        let single = try await Lathe.run(["transcode", "music/a.wav"], in: folder)
        #expect(single.outputLines == ["music/a.mp3  already done"])
    }
}
