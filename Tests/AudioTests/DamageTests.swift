import MediaContract
import Testing

@Suite("Damaged and cut files are never taken for whole ones")
struct DamageTests {
    /// File name and what ffmpeg is told to make it; five seconds of stereo.
    static let encodings: [(name: String, arguments: [String])] = [
        ("a.wav", []), ("rf64.wav", ["-rf64", "always"]), ("a.w64", []), ("a.aiff", []), ("a.flac", []),
        ("a.oga", ["-c:a", "flac"]), ("a.ogg", ["-c:a", "libvorbis"]), ("a.opus", ["-c:a", "libopus"]),
        ("front.m4a", ["-c:a", "aac", "-movflags", "+faststart"]), ("back.m4a", ["-c:a", "aac"]),
        ("alac.m4a", ["-c:a", "alac", "-movflags", "+faststart"]),
        ("a.mp3", ["-c:a", "libmp3lame", "-b:a", "128k"]),
        ("bare.mp3", ["-c:a", "libmp3lame", "-b:a", "128k", "-write_xing", "0", "-id3v2_version", "0"]),
    ]

    private static func make(_ name: String, in scratch: ScratchFolder) async throws -> [UInt8] {
        let wave = try scratch.write(WaveFile(rate: 48_000, count: 240_000).bytes, as: "in.wav")
        let arguments = try #require(encodings.first { $0.name == name }).arguments
        let path = scratch.file("whole-\(name)")
        try await Tool.run("ffmpeg", ["-v", "error", "-y", "-i", wave] + arguments + [path])
        _ = try Engine.inspect(path)
        return try bytes(of: path)
    }

    @Test("cut off at 60 % and 90 bytes before the end", arguments: encodings.map(\.name))
    func cut(_ name: String) async throws {
        let scratch = try ScratchFolder()
        let whole = try await Self.make(name, in: scratch)
        // The last bytes of an M4A with its index at the back are a tag of the muxer's.
        let middle = whole.count * 6 / 10 + 7
        let ends = name == "back.m4a" ? [middle] : [middle, whole.count - 90]
        for end in ends {
            let path = try scratch.write(Array(whole[..<end]), as: name)
            let failure = try requireFailure { try Engine.inspect(path) }
            #expect(failure.kind == .corrupt)
            #expect(failure.isPermanent)
            #expect(try self.failureOfTranscoding(path, in: scratch) == failure)
        }
    }

    private func failureOfTranscoding(_ path: String, in scratch: ScratchFolder) throws -> MediaFailure {
        try requireFailure { try Engine.transcode(path, to: scratch.file("out.mp3")) }
    }

    @Test(
        "and the message says where it ends",
        arguments: ["a.wav", "rf64.wav", "a.w64", "a.aiff", "a.flac", "front.m4a", "alac.m4a"])
    func placeIsNamed(_ name: String) async throws {
        let scratch = try ScratchFolder()
        let whole = try await Self.make(name, in: scratch)
        let path = try scratch.write(Array(whole[..<(whole.count / 2)]), as: name)
        let message = try requireFailure { try Engine.inspect(path) }.message
        #expect(message.hasPrefix("the file ends after 2."), "\(message)")
        #expect(message.hasSuffix(" of the 5.0 s its header declares"), "\(message)")
    }

    @Test(
        "with 2,000 bytes overwritten in the middle, where the format can tell",
        arguments: ["a.flac", "a.oga", "a.ogg", "a.opus", "front.m4a", "alac.m4a", "a.mp3", "bare.mp3"])
    func overwritten(_ name: String) async throws {
        let scratch = try ScratchFolder()
        var damaged = try await Self.make(name, in: scratch)
        let middle = damaged.count / 2
        damaged.replaceSubrange(middle..<(middle + 2000), with: [UInt8](repeating: 0, count: 2000))
        let failure = try requireFailure { try Engine.inspect(scratch.write(damaged, as: name)) }
        #expect(failure.kind == .corrupt)
    }

    @Test("with 5,000 bytes gone from the middle", arguments: encodings.map(\.name))
    func bytesGone(_ name: String) async throws {
        let scratch = try ScratchFolder()
        var damaged = try await Self.make(name, in: scratch)
        damaged.removeSubrange((damaged.count / 2)..<(damaged.count / 2 + 5000))
        #expect(try requireFailure { try Engine.inspect(scratch.write(damaged, as: name)) }.kind == .corrupt)
    }

    @Test("A FLAC whose audio is not what its MD5 says is corrupt, though every frame is intact")
    func flacDigest() async throws {
        let scratch = try ScratchFolder()
        var bytes = try await Self.make("a.flac", in: scratch)
        // STREAMINFO is first: "fLaC", 4 bytes of block header, the digest at 18 of its 34 bytes.
        bytes[4 + 4 + 18] ^= 1
        let failure = try requireFailure { try Engine.inspect(scratch.write(bytes, as: "a.flac")) }
        #expect(failure == MediaFailure(.corrupt, "the decoded audio does not match the MD5 in the FLAC header"))
        bytes.replaceSubrange(26..<42, with: [UInt8](repeating: 0, count: 16))
        #expect(try Engine.inspect(scratch.write(bytes, as: "b.flac")).sampleFrames == 240_000)
    }

    @Test(
        "A WAV recorder that never knew the length gets a warning",
        arguments: [0, 0xFFFF_FFFF, 0x7FFF_F000] as [UInt32])
    func unknownLength(_ claimed: UInt32) throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write(WaveFile(count: 10_000, claimedDataSize: claimed).bytes, as: "a.wav")
        let inspection = try Engine.inspect(path)
        #expect(inspection.sampleFrames == 10_000)
        #expect(inspection.warnings == ["the header does not state the length; everything up to the end was read"])
        #expect(try Engine.transcode(path, to: scratch.file("o.mp3")).sampleFrames == 10_000)
    }

    @Test("WAV and FLAC written to a pipe by ffmpeg, and WAV by SoX, are whole")
    func writtenToAPipe() async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 10_000).bytes, as: "in.wav")
        for (name, tool, arguments) in [
            ("a.wav", "ffmpeg", ["-v", "error", "-i", wave, "-f", "wav", "-"]),
            ("a.flac", "ffmpeg", ["-v", "error", "-i", wave, "-f", "flac", "-"]),
            ("b.wav", "sox", [wave, "-t", "wav", "-"]),
        ] {
            let path = try scratch.write(try await Tool.run(tool, arguments), as: name)
            #expect(try Engine.inspect(path).sampleFrames == 10_000)
        }
    }

    @Test("An RF64 header that claims an absurd length is corrupt", arguments: [1 << 62, UInt64.max, 1 << 63])
    func absurdLength(_ claimed: UInt64) async throws {
        let scratch = try ScratchFolder()
        var file = try await Self.make("rf64.wav", in: scratch)
        // "RF64", its size, "WAVE", "ds64", the chunk's size, the file's size, then the audio's.
        #expect(file.starts(with: Array("RF64".utf8)))
        file.replaceSubrange(28..<36, with: (0..<8).map { UInt8(truncatingIfNeeded: claimed >> (8 * $0)) })
        #expect(try requireFailure { try Engine.inspect(scratch.write(file, as: "a.wav")) }.kind == .corrupt)
    }

    @Test("A header that claims less than there is gets a warning")
    func claimsLess() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write(WaveFile(count: 10_000, claimedDataSize: 20_000).bytes, as: "a.wav")
        let inspection = try Engine.inspect(path)
        #expect(inspection.sampleFrames == 5_000)
        #expect(inspection.warnings == ["20000 bytes after the declared end of the audio were ignored"])
    }

    @Test("Half a sample at the end is left out with a warning")
    func halfASample() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write(Array(WaveFile(count: 10_000).bytes.dropLast(1)), as: "a.wav")
        let inspection = try Engine.inspect(path)
        #expect(inspection.sampleFrames == 9_999)
        #expect(inspection.warnings == ["the last sample is incomplete and was left out"])
    }

    @Test(
        "Bytes after the end are passed over",
        arguments: ["a.wav", "a.flac", "a.mp3", "bare.mp3", "a.ogg", "front.m4a"])
    func trailingBytes(_ name: String) async throws {
        let scratch = try ScratchFolder()
        let whole = try await Self.make(name, in: scratch)
        let junk = (0..<3000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }
        let expected = try Engine.inspect(scratch.file("whole-\(name)")).sampleFrames
        #expect(try Engine.inspect(scratch.write(whole + junk, as: name)).sampleFrames == expected)
    }
}
