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

    @Test(arguments: [[], ["-o", "./one.mp3"], ["--out-dir", "link"], ["--out-dir", "./link/."]])
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
}
