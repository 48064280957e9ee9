import MediaContract
import SystemPackage
import TestSupport
import Testing

/// Tags are written by many programs, some of them wrong: what they say of the title never decides about the sound.
@Suite("A broken tag costs no audio")
struct BrokenTagTests {
    struct Tag: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) {
            testDescription = name
            self.bytes = bytes
        }
    }

    /// ID3v2 tags in front of an MP3 (ID3v2.3 §3.1 to §3.3; §4.15 for pictures).
    private static let id3 = [
        Tag("Latin-1 text said to be UTF-8", id3(frame("TIT2", [3, 0x42, 0x6A, 0xF6, 0x72, 0x6B, 0xFF, 0xFE]))),
        Tag("UTF-16 without byte order mark", id3(frame("TIT2", [1, 0x42, 0, 0x6A, 0, 0x6F, 0]))),
        Tag("UTF-16 with the wrong mark, ending in half a pair", id3(frame("TIT2", [1, 0xFF, 0xFE, 0, 0x42, 0xD8]))),
        Tag("UTF-16 with half a character", id3(frame("TIT2", [1, 0xFF, 0xFE, 0x41]))),
        Tag("an encoding that does not exist", id3(frame("TIT2", [9, 0x61]))),
        Tag("a frame longer than the tag", id3(Array("TIT2".utf8) + [0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0x61])),
        Tag("a picture without its bytes", id3(frame("APIC", [0] + Array("image/jpeg".utf8)))),
        Tag("no frames", id3([])),
        Tag("a version to come", id3(frame("TIT2", [0, 0x61]), version: 9)),
        Tag("an extended header that is none", id3([0xFF, 0xFF, 0xFF, 0xFF], flags: 0x40)),
        Tag("two tags", id3(frame("TIT2", [0, 0x61])) + id3(frame("TIT2", [0, 0x62]))),
    ]

    /// APEv2 and ID3v1 tags behind an MP3.
    private static let trailing = [
        Tag("an APEv2 footer that claims 4 GiB", apeFooter(size: 0xFFFF_FFFF, items: 0xFFFF_FFFF)),
        Tag("an APEv2 item that is longer than its tag", [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFE]),
        Tag(
            "Lyrics3 without the ID3v1 that belongs behind it",
            Array("LYRICSBEGININD0000200LYR00005hello000033LYRICS200".utf8)),
        Tag("ID3v1 in Latin-1", Array("TAG".utf8) + Array(repeating: 0xE9, count: 125)),
    ]

    /// Chunks between the format and the audio of a WAV.
    private static let chunks = [
        Tag("INFO in Windows-1252", chunk("LIST", Array("INFO".utf8) + chunk("INAM", [0x43, 0xE9, 0x93, 0]))),
        Tag("an INFO item of 2 GiB", chunk("LIST", Array("INFOINAM".utf8) + [0xFF, 0xFF, 0xFF, 0x7F, 0x61, 0x62])),
        Tag("a bext chunk that is too short", chunk("bext", Array(repeating: 0xFF, count: 40))),
        Tag("a bext chunk of no characters", chunk("bext", Array(repeating: 0xFF, count: 602))),
        Tag("4,294,967,295 cue points", chunk("cue ", Array(repeating: 0xFF, count: 28))),
        Tag("an ID3 tag of 256 MiB", chunk("id3 ", Array("ID3".utf8) + [3, 0, 0, 0x7F, 0x7F, 0x7F, 0x7F])),
    ]

    /// Vorbis comments (Vorbis I §5.2.1) of a FLAC.
    private static let comments = [
        Tag(
            "invalid UTF-8",
            [3, 0, 0, 0, 0x61, 0xFF, 0xFE, 1, 0, 0, 0, 8, 0, 0, 0] + Array("TITLE=".utf8) + [0xF6, 0xC0]),
        Tag("more comments than there are", [0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 3, 0, 0, 0, 0x61, 0x3D, 0x62]),
        Tag("a vendor of 4 GiB", [0xF0, 0xFF, 0xFF, 0xFF, 0x61]),
    ]

    private static func fixture(_ name: String) throws -> [UInt8] {
        try bytes(of: RepositoryPaths.fixtures.appending("audio").appending(name).string)
    }

    @Test("in front of an MP3", arguments: id3)
    func inFront(_ tag: Tag) throws {
        let scratch = try ScratchFolder()
        let whole = try Self.fixture("mp3-cbr320-44100-stereo.mp3")
        let plain = try Engine.inspect(scratch.write(whole, as: "plain.mp3"))
        let offset = try #require(whole.firstIndex(of: 0xFF))
        let tagged = try Engine.inspect(scratch.write(tag.bytes + whole[offset...], as: "tagged.mp3"))
        #expect(tagged == plain)
    }

    @Test("but one that claims to be longer than the file is all there is")
    func endless() throws {
        let scratch = try ScratchFolder()
        var whole = try Self.fixture("mp3-vbr-48000-stereo-tags-cover.mp3")
        for index in 6..<10 { whole[index] = 0x7F }
        let failure = try requireFailure { try Engine.inspect(scratch.write(whole, as: "a.mp3")) }
        #expect(failure.kind == .unsupportedFormat)
        #expect(
            failure.message.hasPrefix("the file is nothing but an ID3 tag, which says that it is 268435465 bytes long"))
    }

    @Test("behind an MP3", arguments: trailing)
    func behind(_ tag: Tag) throws {
        let scratch = try ScratchFolder()
        let whole = try Self.fixture("mp3-cbr320-44100-stereo.mp3")
        let plain = try Engine.inspect(scratch.write(whole, as: "plain.mp3"))
        let tagged = try Engine.inspect(scratch.write(whole + tag.bytes, as: "tagged.mp3"))
        #expect(tagged.sampleFrames == plain.sampleFrames)
    }

    @Test("inside a WAV", arguments: chunks)
    func inWave(_ tag: Tag) throws {
        let scratch = try ScratchFolder()
        let wave = WaveFile(count: 4097).bytes
        let changed = Array(wave[..<36]) + tag.bytes + wave[36...]
        let inspection = try Engine.inspect(scratch.write(changed, as: "a.wav"))
        #expect(inspection.sampleFrames == 4097)
        #expect(inspection.warnings.isEmpty)
    }

    @Test("inside a FLAC", arguments: comments)
    func inFLAC(_ tag: Tag) throws {
        let scratch = try ScratchFolder()
        var flac = try Self.fixture("flac-s16-44100-stereo.flac")
        let plain = try Engine.inspect(scratch.write(flac, as: "plain.flac"))
        // STREAMINFO, always first, takes 4 + 34 bytes behind the magic number (RFC 9639 §8.2).
        let length = [UInt8(tag.bytes.count >> 16), UInt8(tag.bytes.count >> 8 & 0xFF), UInt8(tag.bytes.count & 0xFF)]
        flac.insert(contentsOf: [4] + length + tag.bytes, at: 4 + 4 + 34)
        #expect(try Engine.inspect(scratch.write(flac, as: "tagged.flac")) == plain)
    }

    private static func frame(_ id: String, _ content: [UInt8]) -> [UInt8] {
        Array(id.utf8) + [0, 0, UInt8(content.count >> 8), UInt8(content.count & 0xFF), 0, 0] + content
    }

    private static func id3(_ frames: [UInt8], version: UInt8 = 3, flags: UInt8 = 0) -> [UInt8] {
        Array("ID3".utf8) + [version, 0, flags, 0, 0, UInt8(frames.count >> 7), UInt8(frames.count & 0x7F)] + frames
    }

    private static func apeFooter(size: UInt32, items: UInt32) -> [UInt8] {
        Array("APETAGEX".utf8) + little(2000) + little(size) + little(items) + little(0) + little(0) + little(0)
    }

    private static func chunk(_ id: String, _ content: [UInt8]) -> [UInt8] {
        Array(id.utf8) + little(UInt32(content.count)) + content + (content.count % 2 == 1 ? [0] : [])
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
