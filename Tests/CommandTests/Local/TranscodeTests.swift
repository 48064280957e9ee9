import Foundation
import Testing

struct TranscodeTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func transcode(_ arguments: String...) async throws -> Lathe.Outcome {
        try await Lathe.run(["transcode"] + arguments, in: folder)
    }

    @Test(arguments: [
        (rate: 44_100, count: 1, outputRate: 44_100, outputCount: 1),
        (44_100, 100_037, 44_100, 100_037), (48_000, 48_047, 48_000, 48_047), (96_000, 96_000, 48_000, 48_000),
    ])
    func othersDecodeExactlyTheSourcesSamples(
        rate: Int, count: Int, outputRate: Int, outputCount: Int
    ) async throws {
        try Tone(rate: rate, count: count).write(to: folder.file("one.wav"))
        let outcome = try await transcode("one.wav")
        #expect(outcome.status == .exited(0))
        #expect(outcome.error == "")
        #expect(outcome.output.hasPrefix("one.mp3  0:0"))
        let mp3 = folder.file("one.mp3")
        #expect(try await Tool.samplesByFFmpeg(mp3) == outputCount)
        #expect(try await Tool.samplesByMpg123(mp3) == outputCount)
        let said = try await Tool.ffprobe(mp3)
        #expect(
            said.isSuperset(of: ["codec_name=mp3", "sample_rate=\(outputRate)", "channels=2", "bit_rate=320000"]),
            "\(said)")
        #expect(folder.names == ["one.mp3", "one.wav"])
    }

    @Test func titleArtistAlbumAndCoverReachTheTag() async throws {
        try Tone(count: 20_000).write(to: folder.file("one.wav"))
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "color=red:s=300x300", "-frames:v", "1", folder.file("c.png")])
        let outcome = try await transcode(
            "one.wav", "--title", "Nachtzüge", "--artist", "Björk & Ætt", "--album", "夜", "--cover", "c.png")
        #expect(outcome.status == .exited(0))
        let said = try await Tool.ffprobe(folder.file("one.mp3"))
        #expect(
            said.isSuperset(of: [
                "TAG:title=Nachtzüge", "TAG:artist=Björk & Ætt", "TAG:album=夜", "codec_name=png",
            ]), "\(said)")
    }

    @Test func anMP3ThatIsThereIsKeptUnlessForced() async throws {
        try Tone(count: 20_000).write(to: folder.file("one.wav"))
        try folder.write("mine", as: "one.mp3")
        let refused = try await transcode("one.wav")
        #expect(refused.status == .exited(1))
        #expect(refused.errorLines.first == "lathe: one.wav: one.mp3 is already there; --force replaces it")
        #expect(try folder.text("one.mp3") == "mine")

        #expect(try await transcode("one.wav", "--force").status == .exited(0))
        #expect(try await Tool.samplesByFFmpeg(folder.file("one.mp3")) == 20_000)
        #expect(folder.names == ["one.mp3", "one.wav"])
    }

    @Test(arguments: [[], ["-o", "./one.mp3"], ["--out-dir", "link"], ["--out-dir", "link/../link"]])
    func aSourceIsNeverReplacedByItsOwnMP3(target: [String]) async throws {
        let mp3 = folder.file("one.mp3")
        try Tone(count: 20_000).write(to: folder.file("one.wav"))
        #expect(try await transcode("one.wav").status == .exited(0))
        let before = try Data(contentsOf: URL(filePath: mp3))
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.path)
        let outcome = try await Lathe.run(["transcode", "one.mp3", "--force"] + target, in: folder)
        #expect(outcome.status == .exited(64))
        #expect(outcome.errorLines.count == 1)
        #expect(try Data(contentsOf: URL(filePath: mp3)) == before)
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

    @Test func jsonIsOneObjectAFile() async throws {
        for name in ["a", "b"] { try Tone(count: 20_000).write(to: folder.file("\(name).wav")) }
        let outcome = try await transcode("a.wav", "b.wav", "--json", "--out-dir", "new/deeper")
        #expect(outcome.status == .exited(0))
        #expect(folder.names == ["a.wav", "b.wav", "new", "new/deeper", "new/deeper/a.mp3", "new/deeper/b.mp3"])
        let lines = try outcome.outputLines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(Set(lines.map(\.file)) == ["a.wav", "b.wav"])
        #expect(Set(lines.map(\.output)) == ["new/deeper/a.mp3", "new/deeper/b.mp3"])
        for line in lines {
            #expect(line.report.sample_frames == 20_000)
            let size = try FileManager.default.attributesOfItem(atPath: folder.file(line.output))[.size] as? Int
            #expect(line.report.bytes == size)
        }
    }

    private struct Line: Decodable {
        struct Report: Decodable {
            let sample_frames: Int
            let bytes: Int
        }
        let file: String
        let output: String
        let report: Report
    }
}
