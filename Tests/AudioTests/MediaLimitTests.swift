import Audio
import MediaContract
import SystemPackage
import Testing

@Suite("A small file cannot ask for much work", .timeLimit(.minutes(5)))
struct MediaLimitTests {
    private static let tooLong = MediaFailure(
        .unsupportedFormat, "the audio is longer than the 24 hours that are accepted")

    @Test(
        "Too many streams are refused in one clear line (an Ogg file's second one is)",
        arguments: [("mp4", "aac"), ("mov", "alac")])
    func streams(_ suffix: String, _ codec: String) async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 4410).bytes, as: "in.wav")
        for (count, isAccepted) in [(32, true), (33, false), (200, false)] {
            let path = scratch.file("\(count).\(suffix)")
            let maps = (0..<count).flatMap { _ in ["-map", "0:a"] }
            try await Tool.run("ffmpeg", ["-v", "error", "-nostdin", "-y", "-i", wave] + maps + ["-c:a", codec, path])
            if isAccepted {
                #expect(try Engine.inspect(path).warnings.contains { $0.contains("several audio streams") })
            } else {
                let failure = try requireFailure { try Engine.inspect(path) }
                #expect(failure == MediaFailure(.unsupportedFormat, "the file holds more than 32 streams"))
            }
        }
    }

    /// STREAMINFO's total number of samples: the lower 36 bits of bytes 18 to 25 (RFC 9639 §8.2).
    @Test("A header that declares 10⁹ seconds is refused at the first sample")
    func declaredLength() async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 44_100).bytes, as: "in.wav")
        try await Tool.ffmpeg("-i", wave, scratch.file("a.flac"))
        var bytes = try bytes(of: scratch.file("a.flac"))
        bytes[21] |= 0x0F
        for offset in 22...25 { bytes[offset] = 0xFF }
        let path = try scratch.write(bytes, as: "b.flac")
        #expect(try requireFailure { try Engine.inspect(path) } == Self.tooLong)
        #expect(try requireFailure { try Engine.transcode(path, to: scratch.file("b.mp3")) } == Self.tooLong)
    }

    @Test("A day of silence in kilobytes that declares no length is refused when the day is over")
    func undeclaredLength() async throws {
        let scratch = try ScratchFolder()
        let seconds = 24 * 3600 + 60
        try await Tool.ffmpeg(
            "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "\(seconds)", "-frame_size", "65535",
            "-compression_level", "0", scratch.file("a.flac"))
        var bytes = try bytes(of: scratch.file("a.flac"))
        #expect(bytes.count < 1 << 20)
        // Neither length nor checksum of the audio, as a stream has it.
        bytes[21] &= 0xF0
        for offset in 22..<42 { bytes[offset] = 0 }
        #expect(try requireFailure { try Engine.inspect(scratch.write(bytes, as: "b.flac")) } == Self.tooLong)
    }

    /// Covers inside a master are noticed and never decoded: their decoders are not on the list.
    @Test("An attached picture of four gigapixels costs nothing")
    func attachedPicture() async throws {
        let scratch = try ScratchFolder()
        let wave = try scratch.write(WaveFile(count: 44_100).bytes, as: "in.wav")
        let picture = scratch.file("a.png")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1", picture)
        try await Tool.ffmpeg(
            "-i", wave, "-i", picture, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic",
            scratch.file("a.flac"))
        var bytes = try bytes(of: scratch.file("a.flac"))
        let header = Array("IHDR".utf8)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: header) })
        bytes.replaceSubrange(start + 4..<start + 12, with: [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF])
        let inspection = try Engine.inspect(scratch.write(bytes, as: "b.flac"))
        #expect(inspection.hasCoverArt)
        #expect(inspection.sampleFrames == 44_100)
    }
}
