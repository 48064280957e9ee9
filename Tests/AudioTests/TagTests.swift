import Foundation
import MediaContract
import Testing

@testable import Audio

@Suite("The ID3v2.3 tag says what the catalogue says")
struct TagTests {
    static let tags = TrackTags(
        title: "Fünf Lieder — 夜の歌 🎵", artist: "Björk & Сергей", album: "Ø", trackNumber: 3, trackCount: 12,
        isrc: "DEA123400001", genre: "Neo-Soul")

    private func output(_ tags: TrackTags, cover: String? = nil, in scratch: ScratchFolder) throws -> String {
        let input = try scratch.write(WaveFile(count: 5000).bytes, as: "in.wav")
        let output = scratch.file("out.mp3")
        try Engine.transcode(input, to: output, tags: tags, cover: cover)
        return output
    }

    @Test("by ffprobe, every script intact")
    func everyField() async throws {
        struct Probe: Decodable {
            struct Format: Decodable { var tags: [String: String] }
            var format: Format
        }
        let scratch = try ScratchFolder()
        let path = try output(Self.tags, in: scratch)
        let json = try await Tool.run("ffprobe", ["-v", "error", "-show_entries", "format_tags", "-of", "json", path])
        let found = try JSONDecoder().decode(Probe.self, from: Data(json)).format.tags
        #expect(
            found == [
                "title": "Fünf Lieder — 夜の歌 🎵", "artist": "Björk & Сергей", "album": "Ø", "track": "3/12",
                "TSRC": "DEA123400001", "genre": "Neo-Soul",
            ])
    }

    @Test("by mediainfo")
    func mediainfo() async throws {
        let scratch = try ScratchFolder()
        let path = try output(Self.tags, in: scratch)
        let format = "--Inform=General;%Performer%|%Album%|%Track/Position%|%Track/Position_Total%|%ISRC%|%Genre%"
        let found = String(decoding: try await Tool.run("mediainfo", [format, path]), as: UTF8.self)
        #expect(found.trimmingCharacters(in: .newlines).hasSuffix("|3|12|DEA123400001|Neo-Soul"), "\(found)")
    }

    @Test("as version 2.3, and absent fields make no frame")
    func absentFields() throws {
        let scratch = try ScratchFolder()
        let path = try output(TrackTags(title: "A", artist: "", album: "  ", trackNumber: 7), in: scratch)
        let file = try MP3File(bytes(of: path))
        #expect(file.id3Version == 3)
        #expect(file.id3Frames.map(\.id) == ["TIT2", "TRCK"])
        #expect(file.id3Frames.last?.content == [0] + Array("7".utf8) + [0])
    }

    @Test("and control characters, NULs and a parenthesis before a genre do no harm")
    func oddText() {
        let fields = ID3Text.fields(of: TrackTags(title: " a\nb\u{0}c ", genre: "(Neo) Soul"))
        #expect(fields.map(\.id) == ["TIT2", "TCON"])
        #expect(fields.map(\.text) == ["a b c", "((Neo) Soul"])
    }

    @Test("and nothing of the master's own tags is copied")
    func mastersTags() async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 5000).bytes, as: "in.wav")
        let tagged = scratch.file("in.flac")
        try await Tool.ffmpeg(
            "-i", wave, "-metadata", "title=ROUGH MIX 7", "-metadata", "comment=do not leak", tagged)
        try Engine.transcode(tagged, to: scratch.file("out.mp3"), tags: TrackTags(title: "Final"))
        let file = try MP3File(bytes(of: scratch.file("out.mp3")))
        #expect(file.id3Frames.map(\.id) == ["TIT2"])
    }

    @Test(
        "A cover is embedded byte for byte as the front cover",
        arguments: [("jpg", "image/jpeg"), ("png", "image/png")])
    func cover(_ suffix: String, _ mimeType: String) async throws {
        let scratch = try ScratchFolder()
        let cover = scratch.file("cover.\(suffix)")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "testsrc=size=300x300", "-frames:v", "1", cover)
        let path = try output(TrackTags(title: "A"), cover: cover, in: scratch)
        let picture = try #require(try MP3File(bytes(of: path)).id3Frames.first { $0.id == "APIC" })
        // ID3v2.3 §4.15: encoding, MIME type, NUL, picture type 3 (front cover), description, NUL, the picture.
        #expect(picture.content == [0] + Array(mimeType.utf8) + [0, 3, 0] + (try bytes(of: cover)))
        #expect(try Engine.inspect(path).hasCoverArt)
    }

    @Test("A cover ID3 cannot show, or a broken one, is left out with a warning")
    func coversLeftOut() async throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(count: 5000).bytes, as: "in.wav")
        let jpeg = scratch.file("a.jpg")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "testsrc=size=300x300", "-frames:v", "1", jpeg)
        let webp = scratch.file("a.webp")
        try await Tool.ffmpeg("-i", jpeg, webp)
        let cut = try scratch.write(Array(try bytes(of: jpeg).prefix(3000)), as: "cut.jpg")
        let text = try scratch.write(Array("no picture".utf8), as: "text.jpg")
        for cover in [webp, cut, text] {
            let report = try Engine.transcode(input, to: scratch.file("o.mp3"), cover: cover)
            #expect(report.warnings.count == 1)
            #expect(report.warnings.allSatisfy { $0.hasPrefix("the cover was left out of the tag: ") })
            #expect(try MP3File(bytes(of: scratch.file("o.mp3"))).id3Frames.isEmpty)
        }
    }

    @Test("The Info tag names LAME, and the report its version")
    func encoderIsNamed() throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(count: 5000).bytes, as: "in.wav")
        let report = try Engine.transcode(input, to: scratch.file("o.mp3"))
        #expect(report.encoder == AudioLibrary.versions)
        let version = try #require(report.encoder.wholeMatch(of: /LAME (3\.\d+), libavcodec \d+\.\d+\.\d+/)?.1)
        let info = try MP3File(bytes(of: scratch.file("o.mp3"))).info
        #expect(info.fourCC(at: 36) == "Info")
        // The encoder's nine bytes follow frames, bytes, table of contents and quality.
        #expect(Array(info[156..<165]) == Array("LAME\(version)".utf8.prefix(9)))
    }
}
