import Foundation
import Testing

/// What a batch says while it runs and at its end.
struct TranscodeReportTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func transcode(_ arguments: String...) async throws -> Lathe.Outcome {
        try await Lathe.run(["transcode"] + arguments, in: folder)
    }

    @Test func aTerminalIsShownABarAndAPipeIsNot() async throws {
        try Tone(seconds: 20).write(to: folder.file("one.wav"))
        let terminal = String(
            decoding: try await Tool.run(
                "script",
                ["-qec", "'\(Lathe.executable)' transcode --force '\(folder.file("one.wav"))'", "/dev/null"]),
            as: UTF8.self)
        #expect(terminal.contains("█") && terminal.contains(" %  \(folder.file("one.wav"))"), "\(terminal)")
        #expect(terminal.contains("one.mp3  0:20"))
        #expect(try await !transcode("one.wav", "--force").output.contains("█"))
    }

    @Test func eachFileHasALineWithItsSpeedAndTheLastLinesAddUp() async throws {
        for (name, seconds) in [("a", 3), ("b", 4)] { try Tone(seconds: seconds).write(to: folder.file("\(name).wav")) }
        let outcome = try await transcode("a.wav", "b.wav", "--out-dir", "out")
        #expect(outcome.status == .exited(0))
        #expect(outcome.outputLines.count == 4)
        for (name, length) in [("a", "0:03"), ("b", "0:04")] {
            let line = outcome.outputLines.first { $0.hasPrefix("out/\(name).mp3  \(length)  ") }
            #expect(line?.wholeMatch(of: /.* kB  [0-9.]+ s, [0-9]+× real time/) != nil, "\(outcome.output)")
        }
        #expect(outcome.outputLines[2] == "2 files: 2 transcoded")
        #expect(outcome.outputLines[3].hasPrefix("0:07 of audio, 1.2 MB in, "), "\(outcome.output)")
        #expect(outcome.outputLines[3].hasSuffix("× real time"))
    }

    @Test func jsonIsOneObjectAFileAndATotal() async throws {
        for name in ["a", "b"] { try Tone(count: 20_000).write(to: folder.file("\(name).wav")) }
        try folder.write("words", as: "bad.wav")
        let outcome = try await transcode("a.wav", "bad.wav", "b.wav", "--json", "--out-dir", "new/deeper")
        #expect(outcome.status == .exited(1))
        #expect(folder.names.filter { $0.hasSuffix(".mp3") } == ["new/deeper/a.mp3", "new/deeper/b.mp3"])
        let lines = try outcome.outputLines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.count == 4)
        let files = Dictionary(uniqueKeysWithValues: lines.dropLast().map { ($0.file, $0) })
        for name in ["a", "b"] {
            let line = try #require(files["\(name).wav"])
            #expect(line.status == "transcoded" || line.status == "copied")
            #expect(line.output == "new/deeper/\(name).mp3")
            guard let report = line.report else { continue }
            #expect(report.sample_frames == 20_000)
            let size =
                try FileManager.default.attributesOfItem(
                    atPath: folder.file("new/deeper/\(name).mp3"))[.size] as? Int
            #expect(report.bytes == size)
        }
        let bad = try #require(files["bad.wav"])
        #expect(bad.status == "failed")
        #expect(bad.error?.contains("text, not audio") == true)
        let total = try #require(lines.last?.total)
        #expect(total.files == 3)
        #expect(total.transcoded + total.copied == 2)
        #expect(total.failed == 1)
    }

    @Test func aTotalIsPrintedAlsoForNothing() async throws {
        _ = try folder.folder("empty")
        let outcome = try await transcode("empty", "--json")
        #expect(outcome.status == .exited(0))
        let line = try JSONDecoder().decode(Line.self, from: Data(outcome.output.utf8))
        #expect(line.total?.files == 0)
    }

    @Test func aSplitFileSaysWhatItsSeamsTook() async throws {
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "anoisesrc=r=44100:a=0.3:d=90", "-ac", "2", folder.file("long.flac")])
        let outcome = try await transcode("long.flac", "--threads", "2", "--json", "--out-dir", "out")
        #expect(outcome.status == .exited(0))
        let total = try #require(
            try outcome.outputLines.last.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }?.total)
        #expect(total.split == 1)
        #expect(total.seams + total.serial_fallbacks > 0)
    }

    /// With a stream closed, the next file that is opened has its number. What a full one loses is a failure, but none
    /// of the files'.
    @Test(arguments: [("<&-", 0), (">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0), (">/dev/full", 1)])
    func closedOrFullStreamsDoNoHarm(redirection: String, status: Int) async throws {
        for name in ["a", "b"] { try Tone(count: 20_000).write(to: folder.file("\(name).wav")) }
        let command = "'\(Lathe.executable)' transcode a.wav b.wav --out-dir out \(redirection)"
        try await Tool.run("sh", ["-c", "cd '\(folder.path)'; \(command); test $? = \(status)"])
        for name in ["a", "b"] { #expect(try await Tool.samplesByMpg123(folder.file("out/\(name).mp3")) == 20_000) }
        #expect(
            folder.names.filter { $0.hasPrefix("out/") } == ["out/.lathe-transcoded.jsonl", "out/a.mp3", "out/b.mp3"])
    }

    private struct Line: Decodable {
        struct Report: Decodable {
            let sample_frames: Int
            let bytes: Int
        }
        struct Total: Decodable {
            let files: Int
            let transcoded: Int
            let copied: Int
            let failed: Int
            let split: Int
            let seams: Int
            let serial_fallbacks: Int
        }
        let file: String?
        let output: String?
        let status: String?
        let report: Report?
        let error: String?
        let total: Total?
    }

    @Test func aReportSaysOfTheMasterWhatAnalyzeSays() async throws {
        try Tone(seconds: 5).write(to: folder.file("a.wav"))
        #expect(try await transcode("a.wav", "--report").status == .exited(0))
        let beside = try Data(contentsOf: URL(filePath: folder.file("a.lathe.json")))
        let analyzed = try await Lathe.run(["analyze", "a.wav", "--json", "--waveform", "b.dat"], in: folder)
        #expect(String(decoding: beside, as: UTF8.self) == analyzed.outputLines.first)
        let waveforms = try ["a.lathe.dat", "b.dat"].map { try Data(contentsOf: URL(filePath: folder.file($0))) }
        #expect(waveforms[0] == waveforms[1])
        let page = try String(contentsOf: URL(filePath: folder.file("a.lathe.html")), encoding: .utf8)
        #expect(page.contains("a.wav"))
        // Over those of an earlier run.
        #expect(try await transcode("a.wav", "--report", "--force").status == .exited(0))
    }

    private let reports = ["lathe.dat", "lathe.html", "lathe.json"]

    @Test func mp3sThatNeedNotBeMadeHaveReportsToo() async throws {
        try Tone(count: 30_000).write(to: folder.file("a.wav"))
        #expect(try await transcode("a.wav", "--out-dir", "out").status == .exited(0))
        try FileManager.default.copyItem(atPath: folder.file("a.wav"), toPath: folder.file("b.wav"))
        let outcome = try await transcode("a.wav", "b.wav", "--out-dir", "out", "--report")
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(outcome.output.contains("2 files: 1 copied, 1 already done"), "\(outcome.output)")
        for name in ["a", "b"] {
            for kind in reports { #expect(folder.has("out/\(name).\(kind)"), "\(name) \(kind)") }
            #expect(try folder.text("out/\(name).lathe.json").contains("\"file\":\"\(name).wav\""))
        }
        // What is there is not measured again.
        let before = try stamp("out/a.lathe.json")
        #expect(try await transcode("a.wav", "b.wav", "--out-dir", "out", "--report").status == .exited(0))
        #expect(try stamp("out/a.lathe.json") == before)
    }

    @Test func theReportOfAnotherMasterIsReplaced() async throws {
        try Tone(count: 30_000).write(to: folder.file("a.wav"))
        #expect(try await transcode("a.wav", "--out-dir", "out", "--report").status == .exited(0))
        try Tone(count: 40_000).write(to: folder.file("a.wav"))
        #expect(try await transcode("a.wav", "--out-dir", "out").status == .exited(0))
        #expect(try !folder.text("out/a.lathe.json").contains("40000"))
        #expect(try await transcode("a.wav", "--out-dir", "out", "--report").output.contains("already done"))
        #expect(try folder.text("out/a.lathe.json").contains("40000"))
    }

    @Test func aNameThatHasNoRoomForAReportIsSaidBeforeAnythingIsMade() async throws {
        let name = String(repeating: "n", count: 249)
        try Tone(count: 20_000).write(to: folder.file("\(name).wav"))
        let outcome = try await transcode("\(name).wav", "--report")
        #expect(outcome.status == .exited(1))
        #expect(outcome.error.hasSuffix("its name is too long with .lathe.json at the end; -o gives the MP3 another\n"))
        #expect(folder.names == ["\(name).wav"])
        #expect(try await transcode("\(name).wav").status == .exited(0))
    }

    private func stamp(_ name: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: folder.file(name))[.modificationDate] as? Date
    }
}
