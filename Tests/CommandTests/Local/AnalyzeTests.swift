import Foundation
import Testing

/// `lathe analyze`: what it prints and writes.
struct AnalyzeTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func analyze(
        _ arguments: String..., environment: [String: String] = [:]
    ) async throws -> Lathe.Outcome {
        try await Lathe.run(["analyze"] + arguments, environment: environment, in: folder)
    }

    /// The tone with its right channel inverted, by another program.
    private func makeInverted(_ name: String) async throws {
        try Tone(count: 60_000).write(to: folder.file("source.wav"))
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-i", folder.file("source.wav"), "-af", "pan=stereo|c0=c0|c1=-1*c0", folder.file(name)])
    }

    private struct Line: Decodable {
        struct Audio: Decodable { let sample_frames: Int }
        struct Loudness: Decodable { let integrated: Double? }
        struct Finding: Decodable {
            struct Source: Decodable {
                let document: String
                let statement: String
            }
            let code: String
            let severity: String
            let sources: [Source]
        }
        let file: String
        let sha256: String
        let samples_sha256: String
        let audio: Audio
        let loudness: Loudness
        let true_peak: Double?
        let findings: [Finding]
    }

    private struct AlbumLine: Decodable {
        struct Album: Decodable {
            let tracks: Int
            let integrated_loudness: Double
            let duration_seconds: Double
        }
        let album: Album
    }

    private func decode<Value: Decodable>(_ line: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(line.utf8))
    }

    @Test func figuresFindingsAndHashesAreForPeople() async throws {
        try await makeInverted("one.wav")
        let outcome = try await analyze("one.wav")
        #expect(outcome.status == .exited(0))
        #expect(outcome.error == "")
        #expect(outcome.outputLines.first == "one.wav")
        #expect(
            outcome.outputLines.dropFirst().first
                == "  wav (pcm_s16le), 16 bit, 44.1 kHz, stereo, 0:01.36, 60 000 samples")
        #expect(outcome.outputLines.contains { $0.hasPrefix("  Integrated loudness   -") && $0.contains(" LUFS ") })
        #expect(outcome.output.contains("  BLOCK  inverted-channels: "))
        let hash = String(decoding: try await Tool.run("sha256sum", [folder.file("one.wav")]).prefix(64), as: UTF8.self)
        #expect(outcome.output.contains("  file     sha256 \(hash)\n"))
        #expect(outcome.outputLines.count <= 40 && outcome.outputLines.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test func theSameAsJSONWithTheAlbumInTheEnd() async throws {
        try Tone(seconds: 4).write(to: folder.file("loud.wav"))
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-i", folder.file("loud.wav"), "-af", "volume=-20dB", folder.file("quiet.flac")])
        let outcome = try await analyze("loud.wav", "quiet.flac", "--json")
        #expect(outcome.status == .exited(0))
        let lines = try outcome.outputLines.dropLast().map { try decode($0, as: Line.self) }
        #expect(lines.map(\.file) == ["loud.wav", "quiet.flac"])
        #expect(lines.map(\.audio.sample_frames) == [176_400, 176_400])
        let loudness = lines.compactMap(\.loudness.integrated)
        #expect(loudness.count == 2 && abs(loudness[0] - loudness[1] - 20) < 0.1)
        for line in lines {
            #expect(line.findings.map(\.code).contains("short"))
            #expect(line.findings.flatMap(\.sources).allSatisfy { !$0.document.isEmpty && !$0.statement.isEmpty })
        }
        let album = try decode(try #require(outcome.outputLines.last), as: AlbumLine.self).album
        #expect(album.tracks == 2 && album.duration_seconds == 8)
        // 20 dB below is under the relative gate of −10 LU: the quiet track does not count.
        #expect(abs(album.integrated_loudness - loudness[0]) < 0.2)
    }

    @Test(arguments: [
        (["--waveform", "w.dat"], 24, 16), (["--waveform", "w.dat", "--waveform-bits", "8"], 24, 8),
        (["--waveform", "w.dat", "--zoom", "1024"], 24, 16), (["--waveform", "w.dat", "--pixels", "100"], 24, 16),
    ])
    func waveformsAreAudiowaveformsData(options: [String], header: Int, bits: Int) async throws {
        try Tone(count: 100_037).write(to: folder.file("one.wav"))
        let outcome = try await Lathe.run(["analyze", "one.wav"] + options, in: folder)
        #expect(outcome.status == .exited(0))
        let program = """
            import struct, subprocess, sys
            bits, path, source = int(sys.argv[1]), sys.argv[2], sys.argv[3]
            data = open(path, "rb").read()
            version, flags, rate, size, length, channels = struct.unpack_from("<6i", data)
            assert (version, flags, rate, channels) == (2, 1 if bits == 8 else 0, 44100, 1), data[:24]
            assert length == -(-100037 // size) and len(data) == 24 + length * bits // 4, (size, length, len(data))
            peaks = struct.unpack_from("<%d%s" % (length * 2, "b" if bits == 8 else "h"), data, 24)
            raw = subprocess.run(["ffmpeg", "-v", "error", "-i", source, "-f", "s16le", "-"], stdout=-1).stdout
            samples = struct.unpack("<%dh" % (len(raw) // 2), raw)
            mix = [int((a + b) / 2) for a, b in zip(samples[::2], samples[1::2])]
            for pixel in range(length):
                part = mix[pixel * size:(pixel + 1) * size]
                want = (min(part), max(part))
                if bits == 8: want = tuple(int(value / 256) for value in want)
                assert peaks[2 * pixel:2 * pixel + 2] == want, (pixel, peaks[2 * pixel:2 * pixel + 2], want)
            print(size)
            """
        let size = try await Tool.run(
            "python3", ["-c", program, "\(bits)", folder.file("w.dat"), folder.file("one.wav")])
        let expected = options.contains("--zoom") ? 1024 : options.contains("--pixels") ? 1024 : 256
        #expect(String(decoding: size, as: UTF8.self) == "\(expected)\n")
        #expect(folder.names == ["one.wav", "w.dat"])
    }

    @Test func aWaveformAsJSONHoldsTheSameAsInBinary() async throws {
        try Tone(count: 50_000).write(to: folder.file("one.wav"))
        #expect(try await analyze("one.wav", "--waveform", "w.json").status == .exited(0))
        #expect(try await analyze("one.wav", "--waveform", "w.dat").status == .exited(0))
        let program = """
            import json, struct, sys
            data = open(sys.argv[1], "rb").read()
            text = json.load(open(sys.argv[2]))
            assert list(text) == ["version", "channels", "sample_rate", "samples_per_pixel", "bits", "length", "data"]
            assert struct.unpack_from("<6i", data) == (text["version"], 0, text["sample_rate"],
                text["samples_per_pixel"], text["length"], text["channels"])
            assert list(struct.unpack_from("<%dh" % (2 * text["length"]), data, 24)) == text["data"]
            assert text["bits"] == 16
            """
        try await Tool.run("python3", ["-c", program, folder.file("w.dat"), folder.file("w.json")])
    }

    @Test(arguments: [true, false])
    func aPictureIsDrawnWithAndWithoutFonts(hasFonts: Bool) async throws {
        try Tone(seconds: 5).write(to: folder.file("one.wav"))
        try folder.write("<?xml version=\"1.0\"?><fontconfig><dir>/nowhere</dir></fontconfig>", as: "fonts.conf")
        let environment = hasFonts ? [:] : ["FONTCONFIG_FILE": folder.file("fonts.conf")]
        let outcome = try await analyze("one.wav", "--waveform", "w.png", environment: environment)
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        // The title, which stands alone in its corner.
        let title = try await Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-i", folder.file("w.png"), "-vf", "crop=400:80:40:30", "-f", "rawvideo", "-pix_fmt",
                "gray", "-",
            ])
        #expect(title.count == 400 * 80)
        #expect((200...8000).contains(title.count { $0 < 128 }))
    }

    @Test func aPageHoldsAllTracksAndAsksForNothing() async throws {
        try Tone(seconds: 4).write(to: folder.file("a <b>.wav"))
        try await makeInverted("two.wav")
        let outcome = try await analyze("a <b>.wav", "two.wav", "--html", "report.html")
        #expect(outcome.status == .exited(0))
        let html = try folder.text("report.html")
        #expect(html.contains("a &lt;b&gt;.wav") && !html.contains("<b>.wav"))
        #expect(html.contains("inverted-channels"))
        for word in ["http:", "https:", "url(", "@import", "<script", "<link", "<img"] { #expect(!html.contains(word)) }
        #expect(folder.names == ["a <b>.wav", "report.html", "source.wav", "two.wav"])
    }

    @Test(arguments: [("block", 1), ("warn", 1), ("note", 1), ("never", 0)])
    func findingsFailTheCommandOnlyWhenAsked(gravity: String, status: CInt) async throws {
        try await makeInverted("one.wav")
        let outcome = try await analyze("one.wav", "--fail-on", gravity)
        #expect(outcome.status == .exited(status))
        #expect(outcome.output.contains("inverted-channels"))
        #expect(outcome.error.isEmpty == (status == 0))
    }

    @Test func aNoteIsNoWarning() async throws {
        try Tone(seconds: 31).write(to: folder.file("one.wav"))
        #expect(try await analyze("one.wav", "--fail-on", "block").status == .exited(0))
    }
}
