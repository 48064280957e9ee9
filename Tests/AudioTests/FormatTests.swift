import MediaContract
import Testing

@Suite("Every accepted format is decoded to its last sample")
struct FormatTests {
    @Test("WAV of every depth, plain and extensible", arguments: WaveFile.Format.allCases, [false, true])
    func wave(_ format: WaveFile.Format, _ isExtensible: Bool) throws {
        let scratch = try ScratchFolder()
        let wave = WaveFile(format: format, rate: 48_000, count: 12_347, speakerMask: isExtensible ? 3 : nil)
        let inspection = try Engine.inspect(scratch.write(wave.bytes, as: "a.wav"))
        let expected = AudioFormat(
            container: "wav", codec: format.rawValue, sampleRate: 48_000, channels: 2, channelLayout: "stereo",
            bitsPerSample: format.bits, isLossless: true)
        #expect(inspection == AudioInspection(format: expected, sampleFrames: 12_347))
    }

    struct Encoding: Sendable, CustomTestStringConvertible {
        var name: String
        var arguments: [String]
        var container: String
        var codec: String
        var bits: Int?
        /// Bytes to which ffmpeg rounds the audio up, with silence.
        var alignment = 1
        var testDescription: String { name }
    }

    static let encodings = [
        Encoding(name: "a.rf64.wav", arguments: ["-rf64", "always"], container: "wav", codec: "pcm_s16le", bits: 16),
        Encoding(name: "a.w64", arguments: [], container: "wav", codec: "pcm_s16le", bits: 16, alignment: 8),
        Encoding(name: "a.aiff", arguments: [], container: "aiff", codec: "pcm_s16be", bits: 16),
        Encoding(name: "b.aiff", arguments: ["-c:a", "pcm_s24be"], container: "aiff", codec: "pcm_s24be", bits: 24),
        Encoding(name: "sowt.aiff", arguments: ["-c:a", "pcm_s16le"], container: "aiff", codec: "pcm_s16le", bits: 16),
        Encoding(name: "fl32.aiff", arguments: ["-c:a", "pcm_f32be"], container: "aiff", codec: "pcm_f32be", bits: 32),
        Encoding(name: "a.flac", arguments: [], container: "flac", codec: "flac", bits: 16),
        Encoding(name: "b.flac", arguments: ["-sample_fmt", "s32"], container: "flac", codec: "flac", bits: 24),
        Encoding(name: "a.oga", arguments: ["-c:a", "flac"], container: "ogg", codec: "flac", bits: 16),
        Encoding(name: "alac.m4a", arguments: ["-c:a", "alac"], container: "m4a", codec: "alac", bits: 16),
        Encoding(
            name: "alac24.m4a", arguments: ["-c:a", "alac", "-sample_fmt", "s32p"], container: "m4a", codec: "alac",
            bits: 24),
        Encoding(name: "aac.m4a", arguments: ["-c:a", "aac"], container: "m4a", codec: "aac"),
        Encoding(
            name: "faststart.m4a", arguments: ["-c:a", "aac", "-movflags", "+faststart"], container: "m4a", codec: "aac"
        ),
        Encoding(name: "a.mp3", arguments: ["-c:a", "libmp3lame", "-b:a", "192k"], container: "mp3", codec: "mp3"),
        Encoding(name: "vbr.mp3", arguments: ["-c:a", "libmp3lame", "-q:a", "2"], container: "mp3", codec: "mp3"),
    ]

    @Test("as ffmpeg writes it", arguments: encodings, [1, 2])
    func encoded(_ encoding: Encoding, _ channels: Int) async throws {
        let scratch = try ScratchFolder()
        // None lies 1…46 samples into an MP3 frame: for those ffmpeg's own tag is wrong.
        for length in [8_563, 44_100, 47_951] {
            let wave = try scratch.write(WaveFile(channels: channels, count: length).bytes, as: "in.wav")
            let path = scratch.file(encoding.name)
            try await Tool.run("ffmpeg", ["-v", "error", "-y", "-i", wave] + encoding.arguments + [path])
            let inspection = try Engine.inspect(path)
            let unit = max(1, encoding.alignment / (2 * channels))
            #expect(inspection.sampleFrames == Int64((length + unit - 1) / unit * unit))
            #expect(inspection.warnings.isEmpty)
            #expect(
                inspection.format
                    == AudioFormat(
                        container: encoding.container, codec: encoding.codec, sampleRate: 44_100, channels: channels,
                        channelLayout: channels == 1 ? "mono" : "stereo", bitsPerSample: encoding.bits,
                        isLossless: encoding.bits != nil))
        }
    }

    @Test("Ogg Vorbis as oggenc writes it, Opus as opusenc does", arguments: [960, 12_345, 44_100, 100_003])
    func oggTools(_ length: Int) async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(rate: 48_000, count: length).bytes, as: "in.wav")
        try await Tool.run("oggenc", ["-Q", "-o", scratch.file("a.ogg"), wave])
        try await Tool.run("opusenc", ["--quiet", wave, scratch.file("a.opus")])
        let vorbis = try Engine.inspect(scratch.file("a.ogg"))
        #expect(vorbis.sampleFrames == Int64(length))
        #expect(vorbis.format.codec == "vorbis")
        #expect(vorbis.format.container == "ogg")
        let opus = try Engine.inspect(scratch.file("a.opus"))
        #expect(opus.sampleFrames == Int64(length))
        #expect(opus.format.codec == "opus")
        #expect(opus.format.container == "opus")
        #expect(opus.format.bitsPerSample == nil)
    }

    /// libavformat takes a file of one page for shorter than it is, where that begins with a short block.
    @Test("Ogg Vorbis that begins with a click", arguments: [200, 1000], [3_001, 6_401, 19_677])
    func click(_ position: Int, _ length: Int) async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(channels: 1, count: length, impulse: position).bytes, as: "in.wav")
        for quality in ["0", "5", "9"] {
            try await Tool.run("oggenc", ["-Q", "-q", quality, "-o", scratch.file("a.ogg"), wave])
            #expect(try Engine.inspect(scratch.file("a.ogg")).sampleFrames == Int64(length))
        }
    }

    @Test("AIFF that SoX wrote to a pipe is read to its end, with a warning", arguments: [1, 2, 6], [16, 24])
    func pipedAIFF(_ channels: Int, _ bits: Int) async throws {
        let scratch = try ScratchFolder()
        let arguments = ["-n", "-r", "48000", "-b", "\(bits)", "-c", "\(channels)", "-t", "aiff"]
        let sound = ["synth", "9001s", "sine", "440"]
        let piped = try await Tool.run("sox", arguments + ["-"] + sound)
        let audio = try Engine.inspect(scratch.write(piped, as: "piped.aiff"))
        #expect(audio.sampleFrames == 9_001)
        let note = "the header does not state the length; everything up to the end was read"
        #expect(audio.warnings.filter { !$0.contains("channels") } == [note])
    }

    @Test("FLAC as flac writes it, with a cover, behind an ID3 tag and before one")
    func flacWithTags() async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(format: .signed24, rate: 96_000, count: 50_001).bytes, as: "in.wav")
        let cover = scratch.file("cover.png")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "testsrc=size=32x32", "-frames:v", "1", cover)
        let path = scratch.file("a.flac")
        try await Tool.run("flac", ["-s", "--picture=\(cover)", "-o", path, wave])
        let plain = try Engine.inspect(path)
        #expect(plain.sampleFrames == 50_001)
        #expect(plain.format.bitsPerSample == 24)
        #expect(plain.hasCoverArt)

        let id3 = Array("ID3".utf8) + [3, 0, 0, 0, 0, 0, 20] + [UInt8](repeating: 0, count: 20)
        let behind = try scratch.write(id3 + (try bytes(of: path)), as: "behind.flac")
        #expect(try Engine.inspect(behind).sampleFrames == 50_001)
        let before = try scratch.write(
            try bytes(of: path) + Array("TAG".utf8) + [UInt8](repeating: 0x20, count: 125), as: "before.flac")
        #expect(try Engine.inspect(before).sampleFrames == 50_001)
    }

    @Test("AAC with iTunes' gapless comment, which says more than the blocks do")
    func gaplessComment() async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 40_000).bytes, as: "in.wav")
        let path = scratch.file("a.m4a")
        let comment = " 00000000 00000400 00000380 0000000000009A00 00000000"
        try await Tool.ffmpeg(
            "-i", wave, "-c:a", "aac", "-movflags", "+use_metadata_tags", "-metadata", "iTunSMPB=\(comment)", path)
        #expect(try Engine.inspect(path).sampleFrames == 0x9A00)
    }

    @Test("ALAC and AAC cut without re-encoding keep to the edit list's start", arguments: ["alac", "aac"])
    func editListStart(_ codec: String) async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 200_000).bytes, as: "in.wav")
        let whole = scratch.file("whole.m4a")
        let cut = scratch.file("cut.m4a")
        try await Tool.ffmpeg("-i", wave, "-c:a", codec, whole)
        try await Tool.ffmpeg("-ss", "1.2345", "-i", whole, "-t", "2.5", "-c", "copy", cut)
        let expected = try await Tool.samplesByFFmpeg(cut, channels: 2)
        let found = Int(try Engine.inspect(cut).sampleFrames)
        // ffmpeg leaves AAC's last block whole.
        #expect(codec == "alac" ? found == expected : (expected - 1024...expected).contains(found))
    }

    @Test("An edit list that ends before the media ends it there", arguments: ["alac", "aac"])
    func editListEnd(_ codec: String) async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 100_000).bytes, as: "in.wav")
        let path = scratch.file("a.m4a")
        try await Tool.ffmpeg("-i", wave, "-c:a", codec, path)
        var file = try bytes(of: path)
        #expect(try Engine.inspect(path).sampleFrames == 100_000)
        // "elst", version and flags, the number of entries, then the duration in milliseconds.
        let list = try #require(file.indices.first { file[$0...].starts(with: Array("elst".utf8)) })
        file.replaceSubrange((list + 12)..<(list + 16), with: [0, 0, 0x05, 0xDC])
        #expect(try Engine.inspect(scratch.write(file, as: "b.m4a")).sampleFrames == 66_150)
    }

    @Test("and encoded from the very samples ffmpeg encodes from", arguments: WaveFile.Format.allCases.dropFirst())
    func sameFramesAsFFmpeg(_ format: WaveFile.Format) async throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(format: format, count: 90_000).bytes, as: "in.wav")
        try await Tool.ffmpeg(
            "-i", input, "-c:a", "libmp3lame", "-b:a", "320k", "-compression_level", "4", scratch.file("theirs.mp3"))
        try Engine.transcode(input, to: scratch.file("ours.mp3"))
        let ours = try MP3File(bytes(of: scratch.file("ours.mp3")))
        let theirs = try MP3File(bytes(of: scratch.file("theirs.mp3")))
        #expect(ours.frames.count == theirs.frames.count)
        #expect(ours.frames == theirs.frames)
    }
}
