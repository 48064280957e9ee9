import MediaContract
import Testing

@Suite("Files that are no audio are named for what they are")
struct RejectionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        var kind: MediaFailure.Kind
        var message: String
        var testDescription: String { name }
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// A good WAV file with some bytes of its header replaced.
    private static func patched(at offset: Int, with bytes: [UInt8]) -> [UInt8] {
        var file = WaveFile(count: 5000).bytes
        file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        return file
    }

    static let cases = [
        Case(name: "zero bytes", bytes: [], kind: .emptyFile, message: "the file is empty (0 bytes)"),
        Case(
            name: "text named .wav", bytes: text("Dear label,\nthe master follows.\n"), kind: .unsupportedFormat,
            message: "the file is text, not audio"),
        Case(
            name: "playlist", bytes: text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n"),
            kind: .unsupportedFormat, message: "the file is text, not audio"),
        Case(
            name: "concat script", bytes: text("ffconcat version 1.0\nfile '/etc/passwd'\n"), kind: .unsupportedFormat,
            message: "the file is text, not audio"),
        Case(
            name: "session description", bytes: text("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 96\r\n"),
            kind: .unsupportedFormat, message: "the file is text, not audio"),
        Case(
            name: "PDF", bytes: text("%PDF-1.7\n") + [0, 1, 2, 0xFF], kind: .unsupportedFormat,
            message: "the file is a PDF document, not audio"),
        Case(
            name: "ZIP", bytes: [0x50, 0x4B, 3, 4, 0, 0, 0, 0], kind: .unsupportedFormat,
            message: "the file is a ZIP archive, not audio"),
        Case(
            name: "Matroska", bytes: [0x1A, 0x45, 0xDF, 0xA3, 1, 2, 3, 4], kind: .unsupportedFormat,
            message: "the file is a Matroska or WebM file, not audio"),
        Case(
            name: "AVI", bytes: text("RIFF") + [4, 0, 0, 0] + text("AVI LIST"), kind: .unsupportedFormat,
            message: "not audio"),
        Case(
            name: "HEIF", bytes: [0, 0, 0, 24] + text("ftypheic") + [UInt8](repeating: 0, count: 12),
            kind: .unsupportedFormat, message: "the file is a HEIF or AVIF image, not audio"),
        Case(
            name: "chance sync words", bytes: (0..<9000).map { $0 % 500 == 0 ? 0xFF : $0 % 500 == 1 ? 0xFB : 0x90 },
            kind: .unsupportedFormat, message: "the file is of an unknown kind"),
        Case(
            name: "block size that contradicts the sample size", bytes: patched(at: 32, with: [8, 0]), kind: .corrupt,
            message: "the header's block size, 8 bytes, contradicts 2 × 16 bits"),
        Case(
            name: "one sample a second", bytes: patched(at: 24, with: [1, 0, 0, 0]), kind: .unsupportedFormat,
            message: "1 Hz with 2 channels is not accepted"),
        Case(
            name: "RIFF header alone", bytes: text("RIFF") + [36, 0, 0, 0] + text("WAVE"), kind: .corrupt,
            message: "the WAV file ends before its audio data"),
        Case(
            name: "FLAC magic alone", bytes: text("fLaC"), kind: .corrupt, message: "the file is no readable FLAC file"),
        Case(
            name: "Ogg magic alone", bytes: text("OggS"), kind: .corrupt, message: "its end is missing"),
        Case(
            name: "M4A magic alone", bytes: [0, 0, 0, 16] + text("ftypM4A ") + [0, 0, 0, 0], kind: .corrupt,
            message: "the file is no readable M4A file"),
        Case(
            name: "ID3 tag alone", bytes: text("ID3") + [3, 0, 0, 0, 0, 0, 10] + [UInt8](repeating: 0, count: 10),
            kind: .unsupportedFormat, message: "not audio"),
    ]

    @Test("by inspection and by transcoding alike", arguments: cases)
    func rejected(_ rejected: Case) throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write(rejected.bytes, as: "master.wav")
        let inspected = try requireFailure { try Engine.inspect(path) }
        #expect(inspected.kind == rejected.kind)
        #expect(inspected.message.contains(rejected.message), "\(inspected.message)")
        #expect(!inspected.message.contains("\n"))
        let transcoded = try requireFailure { try Engine.transcode(path, to: scratch.file("out.mp3")) }
        #expect(transcoded == inspected)
        #expect(try bytes(of: scratch.file("out.mp3")).isEmpty)
    }

    @Test("A picture given as audio is called a picture", arguments: [("jpg", "JPEG"), ("png", "PNG"), ("gif", "GIF")])
    func picture(_ suffix: String, _ name: String) async throws {
        let scratch = try ScratchFolder()
        let path = scratch.file("a.\(suffix)")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1", path)
        let failure = try requireFailure { try Engine.inspect(path) }
        #expect(failure.kind == .unsupportedFormat)
        #expect(failure.message.hasPrefix("the file is a \(name) image, not audio"))
    }

    @Test("A film without sound has no audio stream")
    func silentFilm() async throws {
        let scratch = try ScratchFolder()
        let path = scratch.file("a.mp4")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "5", "-c:v", "mpeg4", path)
        let failure = try requireFailure { try Engine.inspect(path) }
        #expect(failure == MediaFailure(.noAudioStream, "the M4A file holds no audio stream"))
    }

    @Test("A codec the container may not hold is named")
    func foreignCodec() async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 4410).bytes, as: "in.wav")
        try await Tool.ffmpeg("-i", wave, "-c:a", "adpcm_ms", scratch.file("adpcm.wav"))
        try await Tool.ffmpeg("-i", wave, "-c:a", "ac3", scratch.file("ac3.m4a"))
        for (name, codec) in [("adpcm.wav", "adpcm_ms"), ("ac3.m4a", "ac3")] {
            let failure = try requireFailure { try Engine.inspect(scratch.file(name)) }
            #expect(failure.kind == .unsupportedFormat)
            #expect(failure.message.contains("the codec \(codec), which is not accepted"), "\(failure.message)")
        }
    }

    /// As on a DTS CD: played as the PCM that the header says it is, it would be noise.
    @Test(
        "DTS and AC-3 that a WAV file calls PCM are named", arguments: [("dca", "dts", "dts"), ("ac3", "spdif", "ac3")])
    func disguised(_ encoder: String, _ format: String, _ codec: String) async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 200_000).bytes, as: "in.wav")
        let raw = scratch.file("raw")
        try await Tool.ffmpeg(
            "-i", wave, "-c:a", encoder, "-strict", "-2", "-b:a", encoder == "ac3" ? "640k" : "1411200", "-f", format,
            raw)
        try await Tool.ffmpeg("-f", "s16le", "-ar", "44100", "-ac", "2", "-i", raw, scratch.file("disguised.wav"))
        let failure = try requireFailure { try Engine.inspect(scratch.file("disguised.wav")) }
        #expect(failure.kind == .unsupportedFormat)
        #expect(failure.message.contains("the codec \(codec), which is not accepted"), "\(failure.message)")
    }

    @Test("Audio without a sample is said to have none", arguments: ["wav", "aiff", "flac"])
    func noSamples(_ suffix: String) async throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write(WaveFile(count: 0).bytes, as: "in.wav")
        if suffix != "wav" { try await Tool.run("sox", [path, scratch.file("a.\(suffix)")]) }
        let input = suffix == "wav" ? path : scratch.file("a.\(suffix)")
        #expect(try requireFailure { try Engine.inspect(input) }.kind == .noSamples)
        #expect(try requireFailure { try Engine.transcode(input, to: scratch.file("o.mp3")) }.kind == .noSamples)
    }

    @Test("An empty audio chunk before others is not read into them")
    func emptyChunkBeforeMetadata() throws {
        let scratch = try ScratchFolder()
        let list = Array("LIST".utf8) + [4, 0, 0, 0] + Array("INFO".utf8)
        let path = try scratch.write(WaveFile(count: 0).bytes + list, as: "a.wav")
        #expect(try requireFailure { try Engine.inspect(path) }.kind == .noSamples)
    }
}
