import Foundation
import MediaContract
import SystemPackage
import TestSupport
import Testing

@testable import Audio

@Suite("Verifying the MP3 before anybody gets it")
struct VerificationTests {
    private static let tags = TrackTags(title: "Öl & Späne", artist: "A", album: "B", trackNumber: 3, trackCount: 9)

    private static func song(_ name: String) -> String {
        RepositoryPaths.fixtures.appending("music").appending(name).string
    }

    /// Encodes a song's first ten seconds, lets `change` loose on the MP3 or on what is known of it, and verifies.
    private func verify(
        tags: TrackTags = tags, hasCover: Bool = false, threads: Int = 2,
        _ change: (inout [UInt8], inout TranscodeReport, inout [WindowLevel]) throws -> Void
    ) async throws {
        let scratch = try ScratchFolder()
        let input = scratch.file("in.wav")
        try await Tool.run(
            "ffmpeg", ["-v", "error", "-ss", "20", "-t", "10", "-i", Self.song("01-first-cut.flac"), input])
        let path = scratch.file("out.mp3")
        var (report, levels) = try withInput(input) { source in
            try withOutput(path) { target in
                let encoder = try TrackEncoder(
                    source, to: target, profile: .mp3At320, tags: Self.tags, cover: nil, threads: 1, analyzes: false,
                    isCancelled: { false })
                let encoding = try encoder.run(progress: { _ in }, isCancelled: { false })
                let report = TranscodeReport(
                    source: encoding.source, profile: .mp3At320, sampleRate: encoder.shape.sampleRate,
                    channels: encoder.shape.channels, sampleFrames: encoding.sampleFrames, bytes: 0, encoder: "",
                    parallelism: encoding.parallelism, analysis: nil, warnings: [])
                return (report, encoding.levels)
            }
        }
        var bytes = try bytes(of: path)
        try change(&bytes, &report, &levels)
        let changed = try scratch.write(bytes, as: "changed.mp3")
        try withInput(changed) { output in
            try OutputVerifier(
                output, against: report, levels: levels, tags: tags, hasCover: hasCover, threads: threads
            ).run(threads: threads, progress: { _ in }, isCancelled: { false })
        }
    }

    private func failure(
        tags: TrackTags = tags, hasCover: Bool = false, threads: Int = 2,
        _ change: (inout [UInt8], inout TranscodeReport, inout [WindowLevel]) throws -> Void
    ) async throws -> MediaFailure {
        try await #require(throws: MediaFailure.self) {
            try await verify(tags: tags, hasCover: hasCover, threads: threads, change)
        }
    }

    @Test("What was made is what was wanted", arguments: [1, 2, 5])
    func untouched(_ threads: Int) async throws {
        try await verify(threads: threads) { _, _, _ in }
    }

    @Test("A sample more or less is noticed", arguments: [-1, 1, 1152])
    func count(_ difference: Int64) async throws {
        let failure = try await failure { _, report, _ in report.sampleFrames += difference }
        #expect(failure.kind == .verificationFailed)
        #expect(failure.message.contains("plays 441000 samples"))
    }

    @Test("A frame that is gone is noticed")
    func missingFrame() async throws {
        let failure = try await failure { bytes, _, _ in
            bytes.removeSubrange(try MP3File(bytes).frameRanges[100])
        }
        #expect(failure.kind == .verificationFailed)
    }

    @Test(
        "A master that is one decibel louder or quieter is noticed, in either channel", arguments: [0.89, 1.12], [0, 1])
    func gain(_ factor: Float, _ channel: Int) async throws {
        let failure = try await failure { _, _, levels in
            levels[5].low[channel] *= factor
            levels[5].full[channel] *= factor
        }
        #expect(failure.kind == .verificationFailed)
        #expect(failure.message.contains("from 6.4 s on: its channel \(channel + 1) has"))
    }

    @Test("Channels that changed places are noticed")
    func swapped() async throws {
        let failure = try await failure { _, _, levels in
            for index in levels.indices {
                levels[index].low = SIMD2(levels[index].low.y, levels[index].low.x * 0.7)
            }
        }
        #expect(failure.kind == .verificationFailed)
    }

    @Test("A second of silence in the place of music is noticed")
    func dropout() async throws {
        let failure = try await failure { bytes, _, _ in
            // Main data of zeros under intact headers.
            for frame in try MP3File(bytes).frameRanges[180..<220] {
                for index in frame.dropFirst(4) { bytes[index] = 0 }
            }
        }
        #expect(failure.kind == .verificationFailed)
        #expect(failure.message.contains("does not sound as the master") || failure.message.contains("decoded"))
    }

    @Test("A tag that says something else is noticed, and so is a cover that is missing")
    func tags() async throws {
        let failure = try await failure(tags: TrackTags(title: "Another")) { _, _, _ in }
        #expect(failure.message.contains("TIT2"))
        let lost = try await self.failure(hasCover: true) { _, _, _ in }
        #expect(lost.message == "the MP3 lost its cover")
    }

    @Test(
        "Nothing audible is lost: tones, noise and clicks that an MP3 changes most pass",
        arguments: [
            "sine=frequency=21000:sample_rate=44100:duration=4,volume=0dB",
            "sine=frequency=20200:sample_rate=44100:duration=4,volume=12dB",
            "sine=frequency=21500:sample_rate=48000:duration=4,volume=12dB",
            "sine=frequency=15900:sample_rate=32000:duration=4,volume=12dB",
            "sine=frequency=3900:sample_rate=8000:duration=4,volume=12dB",
            "anoisesrc=color=white:sample_rate=44100:duration=4:amplitude=1:seed=1",
            "anoisesrc=color=violet:sample_rate=44100:duration=4:amplitude=1:seed=1",
            "anoisesrc=color=white:sample_rate=48000:duration=4:amplitude=0.00005:seed=1",
            "aevalsrc='if(mod(n,30000),0,1)|0':s=44100:d=4",
            "aevalsrc='if(lt(t,2.57),0,random(0)*2-1)|if(lt(t,2.57),0.00002,0)':s=44100:d=4",
            "aevalsrc='random(0)*2-1|(random(1)*2-1)*0.001':s=44100:d=4",
            "aevalsrc='sgn(sin(440*2*PI*t))|-sgn(sin(440*2*PI*t))':s=44100:d=4",
            "aevalsrc='0.9*sin(1000*2*PI*t)|-0.9*sin(1000*2*PI*t)':s=48000:d=4",
        ], ["s16", "flt"])
    func extremes(_ source: String, _ format: String) async throws {
        let scratch = try ScratchFolder()
        let input = scratch.file("in.wav")
        let codec = format == "flt" ? "pcm_f32le" : "pcm_s16le"
        try await Tool.run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, "-c:a", codec, input])
        try Engine.transcode(input, to: scratch.file("out.mp3"), threads: 2)
    }

    @Test("Samples that are no numbers or absurd are refused", arguments: ["0/0", "1/0", "-1/0", "2000*sin(t*3000)"])
    func absurd(_ sample: String) async throws {
        let scratch = try ScratchFolder()
        let input = scratch.file("in.wav")
        try await Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i",
                "aevalsrc='if(between(t,1.5,1.6),\(sample),0.1*sin(t*3000))':s=44100:d=3",
                "-c:a", "pcm_f32le", input,
            ])
        let failure = try requireFailure { try Engine.transcode(input, to: scratch.file("out.mp3"), threads: 2) }
        #expect(failure.kind == .corrupt)
        #expect(failure.message.hasSuffix("more than 60 dB over full scale, at 1.4 s"))
    }

    @Test("Samples beyond full scale pass", arguments: [6, 20, 40])
    func beyondFullScale(_ decibels: Int) async throws {
        let scratch = try ScratchFolder()
        let input = scratch.file("in.wav")
        try await Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-t", "5", "-i", Self.song("02-slow-feed.wav"), "-af",
                "volume=\(decibels)dB:precision=float",
                "-c:a", "pcm_f32le", input,
            ])
        try Engine.transcode(input, to: scratch.file("out.mp3"))
    }
}
