import MediaContract
import SystemPackage
import TestSupport
import Testing

@testable import Audio

@Suite("Several threads write the very bytes that one writes")
struct ParallelTests {
    private static let music = RepositoryPaths.fixtures.appending("music")

    @Test(
        "at every rate of MPEG-1, in mono and stereo, of every depth, resampled and mixed down",
        arguments: [
            "-ar 44100 -ac 1", "-ar 48000", "-ar 48000 -ac 1 -c:a pcm_s24le", "-ar 32000", "-ar 32000 -ac 1",
            "-c:a pcm_u8", "-c:a pcm_s32le", "-c:a pcm_f32le", "-c:a pcm_f64le", "-ar 96000 -c:a pcm_s24le", "-ac 6",
        ])
    func shapes(_ options: String) async throws {
        let scratch = try ScratchFolder()
        #expect(try expectSame(try await song(in: scratch, options), in: scratch).seams > 0)
    }

    @Test("wherever the track ends beside a segment's border", arguments: [-1153, -1152, -1, 0, 1, 47, 1152, 60_000])
    func ends(_ rest: Int) async throws {
        let scratch = try ScratchFolder()
        let length = 1152 * 2 * SegmentPlan.shortest + rest
        try expectSame(try await song(in: scratch, "-af atrim=end_sample=\(length)"), in: scratch)
    }

    @Test(
        "with music, whose seams fall anywhere",
        arguments: ["01-first-cut.flac", "02-slow-feed.wav", "03-three-jaw-lullaby.flac", "04-parting-off.flac"])
    func songs(_ name: String) throws {
        let scratch = try ScratchFolder()
        #expect(try expectSame(Self.music.appending(name).string, in: scratch).seams > 0)
    }

    @Test("with music between silences, where encoders agree about nothing")
    func silences() async throws {
        let scratch = try ScratchFolder()
        try expectSame(
            try await song(in: scratch, "-af volume=enable='between(t,7,19)':volume=0"), in: scratch)
    }

    @Test("Digital silence has no seam that could be proven, so one encoder does it all")
    func silence() async throws {
        let scratch = try ScratchFolder()
        let parallelism = try expectSame(try await song(in: scratch, "-af volume=0"), in: scratch)
        #expect(parallelism.seams == 0)
        #expect(parallelism.serialFallbacks > 0)
    }

    @Test("One thread alone has no seams")
    func serial() throws {
        let scratch = try ScratchFolder()
        let report = try Engine.transcode(
            Self.music.appending("04-parting-off.flac").string, to: scratch.file("1.mp3"))
        #expect(report.parallelism == Parallelism(threads: 1))
    }

    @Test("A master that is broken far behind fails as it does with one thread, and every thread stops")
    func damage() throws {
        let scratch = try ScratchFolder()
        let flac = try bytes(of: Self.music.appending("01-first-cut.flac").string)
        let cut = try scratch.write(Array(flac.dropLast(20_000)), as: "cut.flac")
        let serial = try requireFailure { try Engine.transcode(cut, to: scratch.file("1.mp3")) }
        let parallel = try requireFailure { try Engine.transcode(cut, to: scratch.file("4.mp3"), threads: 4) }
        #expect(serial.kind == .corrupt)
        #expect(parallel == serial)
    }

    /// Half a minute of music, changed by ffmpeg.
    private func song(in scratch: ScratchFolder, _ options: String) async throws -> String {
        let wave = scratch.file("in.wav")
        let source = Self.music.appending("03-three-jaw-lullaby.flac").string
        try await Tool.run(
            "ffmpeg", ["-v", "error", "-i", source] + options.split(separator: " ").map(String.init) + [wave])
        return wave
    }

    @discardableResult
    private func expectSame(_ input: String, in scratch: ScratchFolder) throws -> Parallelism {
        try Engine.transcode(input, to: scratch.file("1.mp3"))
        let serial = try bytes(of: scratch.file("1.mp3"))
        var joined = Parallelism(threads: 0)
        for threads in [5] {
            joined = try Engine.transcode(input, to: scratch.file("n.mp3"), threads: threads).parallelism
            // Not compared within #expect, which would print megabytes.
            let isSame = try bytes(of: scratch.file("n.mp3")) == serial
            #expect(isSame, "\(threads) threads: \(joined)")
        }
        return joined
    }
}
