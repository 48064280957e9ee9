import Audio
import Foundation
import MediaContract
import Subprocess
import SystemPackage
import Testing

@Suite("Transcoding under way")
struct TranscoderTests {
    @Test(
        "More than two channels are mixed down without clipping, and reported",
        arguments: [(3, 0x7), (4, 0x33), (6, 0x3F), (8, 0x63F)])
    func downmix(_ channels: Int, _ mask: UInt32) async throws {
        let scratch = try ScratchFolder()
        let wave = WaveFile(format: .signed24, channels: channels, count: 20_011, speakerMask: mask)
        let input = try scratch.write(wave.bytes, as: "in.wav")
        let output = scratch.file("out.mp3")
        let report = try Engine.transcode(input, to: output)
        #expect(report.channels == 2)
        #expect(report.source.format.channels == channels)
        #expect(report.warnings.contains { $0.contains("mixed down") && $0.contains("\(channels) channels") })
        #expect(try await Tool.samplesByFFmpeg(output, channels: 2) == 20_011)
        let raw = try await Tool.run("ffmpeg", ["-v", "error", "-i", output, "-f", "f32le", "-"])
        let magnitudes = stride(from: 0, to: raw.count - 3, by: 4).map { offset in
            abs(Float(bitPattern: raw[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }))
        }
        let peak = try #require(magnitudes.max())
        #expect(peak > 0.05)
        #expect(peak < 1)
    }

    /// A tone in every channel: one that went to the wrong side, or too loud, would be far above −40 dB.
    @Test(
        "Every layout is mixed as ffmpeg mixes it",
        arguments: [
            "2.1", "3.0", "3.0(back)", "quad", "4.0", "5.0", "5.1", "5.1(side)", "6.1", "7.0", "7.1", "7.1(wide)",
        ])
    func layouts(_ layout: String) async throws {
        let scratch = try ScratchFolder()
        let channels = layout.prefix(3).split(separator: ".").reduce(0) { $0 + (Int($1) ?? 4) }
        let tones = (1...channels).map { "0.2*sin(2*PI*t*\(200 * $0 + 130))" }.joined(separator: "|")
        let input = scratch.file("in.wav")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "aevalsrc=\(tones):s=48000:c=\(layout):d=1.5", input)
        let output = scratch.file("out.mp3")
        let report = try Engine.transcode(input, to: output)
        let withoutLFE = ["2.1", "5.1", "5.1(side)", "6.1", "7.1", "7.1(wide)"].contains(layout)
        #expect(
            report.warnings == [
                "mixed down from \(layout) (\(channels) channels) to stereo"
                    + (withoutLFE ? ", without the LFE channel" : "")
            ])
        let (found, wanted) = (try await mixed(output), try await mixed(input))
        #expect(found.count == wanted.count)
        let energy = wanted.reduce(0) { $0 + $1 * $1 }
        let error = zip(found, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(10 * log10(error / energy) < -40, "\(10 * log10(error / energy)) dB")
    }

    /// Interleaved stereo, by ffmpeg.
    private func mixed(_ path: String) async throws -> [Double] {
        let raw = try await Tool.run("ffmpeg", ["-v", "error", "-i", path, "-ac", "2", "-f", "s16le", "-"])
        return stride(from: 0, to: raw.count - 1, by: 2).map {
            Double(Int16(bitPattern: UInt16(raw[$0]) | UInt16(raw[$0 + 1]) << 8))
        }
    }

    @Test(
        "Speakers that nobody named are taken for the usual ones, which is said", arguments: [(6, "5.1"), (8, "7.1")])
    func unnamedSpeakers(_ channels: Int, _ layout: String) throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(channels: channels, count: 2000).bytes, as: "in.wav")
        let report = try Engine.transcode(input, to: scratch.file("o.mp3"))
        #expect(
            report.source.warnings == [
                "the file does not say which speakers its \(channels) channels are for; taken for \(layout)"
            ])
        #expect(
            report.warnings == ["mixed down from \(layout) (\(channels) channels) to stereo, without the LFE channel"])
    }

    @Test(
        "A floating-point master beyond full scale is said to be", arguments: [(0.9, nil), (1.5, "3.5"), (4.0, "12.0")])
    func overload(_ amplitude: Double, _ level: String?) async throws {
        let scratch = try ScratchFolder()
        let input = scratch.file("in.wav")
        try await Tool.ffmpeg(
            "-f", "lavfi", "-i", "aevalsrc=\(amplitude)*sin(2*PI*1000*t):s=48000:d=1", "-c:a", "pcm_f32le", input)
        let report = try Engine.transcode(input, to: scratch.file("o.mp3"))
        #expect(
            report.warnings
                == (level.map { ["samples of up to +\($0) dBFS were encoded: players clip what is above full scale"] }
                    ?? []))
    }

    @Test("Channels without speakers that cannot be mixed are refused")
    func tooManyChannels() throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(channels: 11, count: 2000).bytes, as: "in.wav")
        let failure = try requireFailure { try Engine.transcode(input, to: scratch.file("o.mp3")) }
        #expect(failure.kind == .unsupportedFormat)
        #expect(failure.message.contains("11 channels"))
    }

    @Test("Progress rises from 0 to 1, about ten reports a second")
    func progress() throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(count: 44_100 * 30).bytes, as: "in.wav")
        var values: [Double] = []
        let started = ContinuousClock.now
        try withInput(input) { source in
            try withOutput(scratch.file("o.mp3")) { target in
                _ = try Transcoder.transcode(
                    input: source, output: target, profile: .mp3At320, tags: TrackTags(), cover: nil, threads: 1,
                    analyzes: false,
                    progress: { values.append($0) }, isCancelled: { false })
            }
        }
        let elapsed = ContinuousClock.now - started
        #expect(values == values.sorted())
        #expect(values.allSatisfy { 0...1 ~= $0 })
        #expect(values.last == 1)
        #expect(Double(values.count) <= 2 + elapsed / .milliseconds(100))
    }

    @Test("Cancelling stops it, at once or half-way", arguments: [0, 1, 200])
    func cancellation(_ after: Int) throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(count: 441_000).bytes, as: "in.wav")
        var asked = 0
        let cancels = {
            asked += 1
            return asked > after
        }
        let failure = try withInput(input) { source in
            try withOutput(scratch.file("o.mp3")) { target in
                try requireFailure {
                    try Transcoder.transcode(
                        input: source, output: target, profile: .mp3At320, tags: TrackTags(), cover: nil, threads: 1,
                        analyzes: false,
                        progress: { _ in }, isCancelled: cancels)
                }
            }
        }
        #expect(failure.kind == .cancelled)
        #expect(asked == after + 1)
        asked = 0
        let inspection = try withInput(input) { source in
            try requireFailure { try AudioInspector.inspect(source, isCancelled: cancels) }
        }
        #expect(inspection.kind == .cancelled)
    }

    @Test("Neither descriptor's offset matters or moves")
    func offsets() throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(count: 5000).bytes, as: "in.wav")
        try withInput(input) { source in
            try source.seek(offset: 777, from: .start)
            #expect(try AudioInspector.inspect(source).sampleFrames == 5000)
            #expect(try source.seek(offset: 0, from: .current) == 777)
        }
    }

    @Test("A pipe is refused, because it cannot be read at random")
    func pipe() throws {
        let (readEnd, writeEnd) = try FileDescriptor.pipe()
        defer {
            try? readEnd.close()
            try? writeEnd.close()
        }
        #expect(try requireFailure { try AudioInspector.inspect(readEnd) }.kind == .inputOutput)
    }

    @Test("An output that cannot be written is an input/output failure")
    func readOnlyOutput() throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(count: 5000).bytes, as: "in.wav")
        let output = try scratch.write([], as: "out.mp3")
        let failure = try withInput(input) { source in
            try withInput(output) { target in
                try requireFailure {
                    try Transcoder.transcode(
                        input: source, output: target, profile: .mp3At320, tags: TrackTags(), cover: nil, threads: 1,
                        analyzes: false,
                        progress: { _ in }, isCancelled: { false })
                }
            }
        }
        #expect(failure.kind == .inputOutput)
        #expect(!failure.isPermanent)
    }

    @Test("Many at once do not disturb one another, nor mix up their errors")
    func concurrently() async throws {
        let scratch = try ScratchFolder()
        let whole = try scratch.write(WaveFile(count: 100_000).bytes, as: "in.wav")
        let flac = scratch.file("in.flac")
        try await Tool.run("flac", ["-s", "-o", flac, whole])
        let cut = try scratch.write(Array(try bytes(of: flac).dropLast(20_000)), as: "cut.flac")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<12 {
                group.addTask {
                    if index % 3 == 0 {
                        let failure = try requireFailure { try Engine.inspect(cut) }
                        #expect(failure.kind == .corrupt)
                    } else {
                        let report = try Engine.transcode(flac, to: scratch.file("\(index).mp3"))
                        #expect(report.sampleFrames == 100_000)
                    }
                }
            }
            try await group.waitForAll()
        }
        let first = try bytes(of: scratch.file("1.mp3"))
        for index in [2, 4, 5, 7, 8, 10, 11] { #expect(try bytes(of: scratch.file("\(index).mp3")) == first) }
    }
}

@Suite("A full disk", .enabled(if: SmallDisk.canBeMounted, "mounting a tmpfs is not permitted here"))
struct DiskFullTests {
    @Test("is told apart from a broken master, wherever it strikes", arguments: [64, 500, 1000])
    func diskFull(_ kibibytes: Int) async throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(count: 44_100 * 30).bytes, as: "in.wav")
        let failure = try await SmallDisk.with(kibibytes: kibibytes, at: scratch.file("disk")) { folder in
            try requireFailure { try Engine.transcode(input, to: "\(folder)/out.mp3") }
        }
        #expect(failure == MediaFailure(.diskFull, "the disk under the output is full"))
        #expect(!failure.isPermanent)
    }
}

/// A tmpfs of a given size.
enum SmallDisk {
    static let canBeMounted: Bool = {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let capabilities = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) }
        // CAP_SYS_ADMIN is bit 21 (linux/capability.h).
        return (capabilities ?? 0) >> 21 & 1 == 1
    }()

    static func with<Result>(kibibytes: Int, at path: String, _ body: (String) throws -> Result) async throws -> Result
    {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try await Tool.run("mount", ["-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", path])
        let result = Swift.Result { try body(path) }
        try await Tool.run("umount", [path])
        return try result.get()
    }
}
