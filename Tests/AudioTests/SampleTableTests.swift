import Foundation
import MediaContract
import TestSupport
import Testing

@testable import Audio

/// Masters of many lengths, rates, depths and channels, chosen by a fixed seed: what goes in comes out of every
/// decoder.
@Suite("Any master's samples are all there and no more", .timeLimit(.minutes(5)))
struct SampleTableTests {
    struct Master: Sendable {
        var number: Int
        var length: Int
        var rate: Int
        var format: WaveFile.Format
        var channels: Int

        var wave: WaveFile { WaveFile(format: format, rate: rate, channels: channels, count: length) }

        /// Samples a channel in the MP3.
        var expected: Int {
            Int(RateTable.outputCount(Int64(length), from: rate, to: RateTable.outputRate(for: rate)))
        }
    }

    private static let rates = [
        8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000, 176_400, 192_000,
    ]

    /// Around granules, frames and the encoder's delay of 576 + 529 samples, and primes.
    private static let lengths: [Int] = {
        var lengths = [1, 2, 3, 528, 529, 530, 575, 576, 577, 1104, 1105, 1106, 1151, 1152, 1153]
        for frames in [2, 3, 4, 5, 7, 11, 19] {
            lengths += [-1, 0, 1].map { frames * 1152 + $0 }
            lengths += [frames * 1152 + 1105, frames * 1152 - 1105]
        }
        return lengths + [2, 13, 127, 541, 1009, 1151, 2311, 4999, 7919, 10_007, 19_997, 29_989]
    }()

    private static let masters: [Master] = {
        var random = SeededGenerator(seed: 2024)
        return (0..<336).map { number in
            let length =
                number >= 320
                ? Int.random(in: 44_100..<244_100, using: &random)
                : number % 3 == 2 ? Int.random(in: 1...20_000, using: &random) : lengths[number % lengths.count]
            let formats = WaveFile.Format.allCases
            return Master(
                number: number, length: length, rate: rates[Int.random(in: rates.indices, using: &random)],
                format: formats[Int.random(in: formats.indices, using: &random)],
                channels: Int.random(in: 1...2, using: &random))
        }
    }()

    private static let batchSize = 28

    @Test("by ffmpeg, mpg123 and lame, with one thread or several", arguments: 0..<(336 / batchSize))
    func counts(_ batch: Int) async throws {
        let scratch = try ScratchFolder()
        let masters = Self.masters[batch * Self.batchSize..<(batch + 1) * Self.batchSize]
        for master in masters {
            let input = try scratch.write(master.wave.bytes, as: "in.wav")
            let output = scratch.file("\(master.number).mp3")
            let report = try Engine.transcode(input, to: output)
            #expect(report.sampleFrames == Int64(master.expected), "\(master)")
            #expect(report.source.sampleFrames == Int64(master.length), "\(master)")
            try Engine.transcode(input, to: scratch.file("n.mp3"), threads: [2, 3, 5][master.number % 3])
            let isSame = try bytes(of: output) == bytes(of: scratch.file("n.mp3"))
            #expect(isSame, "\(master)")
        }
        let files = masters.map { scratch.file("\($0.number).mp3") }
        let counts = try await [
            Self.countedByFFmpeg(files), Self.counted(by: "mpg123 -q -s -e s16 \"$file\"", files),
            Self.counted(by: "lame --quiet --decode -t \"$file\" -", files),
        ]
        for (decoder, bytes) in zip(["ffmpeg", "mpg123", "lame"], counts) {
            for (master, count) in zip(masters, bytes) {
                #expect(count == master.expected * 2 * master.channels, "\(decoder): \(master)")
            }
        }
    }

    /// Long enough for seams, and ending beside a frame's border. Equal bytes decode equally.
    @Test(
        "with seams, by two, three and five threads as by one", arguments: [2, 3, 5],
        [(32_000, 1), (44_100, 2), (48_000, 1), (96_000, 2)])
    func seams(_ threads: Int, _ shape: (rate: Int, channels: Int)) async throws {
        let scratch = try ScratchFolder()
        let frames = 2 * SegmentPlan.shortest + 17 * threads
        let length = (frames * 1152 + threads - 3) * shape.rate / RateTable.outputRate(for: shape.rate)
        let source =
            "aevalsrc='0.4*sin(2*PI*t*(200+90*t))+0.2*(random(0)-0.5)|0.3*sin(1500*t)+0.2*(random(1)-0.5)'"
        try await Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "\(source):s=\(shape.rate)", "-af", "atrim=end_sample=\(length)",
                "-ac", "\(shape.channels)", scratch.file("in.wav"),
            ])
        let serial = try Engine.transcode(scratch.file("in.wav"), to: scratch.file("1.mp3"))
        let report = try Engine.transcode(scratch.file("in.wav"), to: scratch.file("n.mp3"), threads: threads)
        #expect(report.parallelism.seams > 0)
        #expect(report.sampleFrames == serial.sampleFrames)
        let isSame = try bytes(of: scratch.file("n.mp3")) == bytes(of: scratch.file("1.mp3"))
        #expect(isSame, "\(report.parallelism)")
        let count = try await Self.counted(by: "mpg123 -q -s -e s16 \"$file\"", [scratch.file("n.mp3")])
        #expect(count == [Int(report.sampleFrames) * 2 * shape.channels])
    }

    @Test("and are as loud as ffmpeg finds them", arguments: 0..<42)
    func levels(_ number: Int) async throws {
        let scratch = try ScratchFolder()
        var random = SeededGenerator(seed: UInt64(number))
        let rate = Self.rates[number % Self.rates.count]
        let wave = WaveFile(
            format: WaveFile.Format.allCases[number % 5], rate: rate, channels: 1 + number / 14 % 2,
            count: rate + Int.random(in: 0..<rate, using: &random))
        let path = try scratch.write(wave.bytes, as: "in.wav")
        let found = try Engine.analyze(path).analysis
        let meter = try await ForeignMeter.ffmpeg(path)
        #expect(abs(try #require(found.loudness.integrated) - meter.integrated) <= 0.1, "\(rate) Hz")
        #expect(abs(try #require(found.samplePeak) - meter.samplePeak) <= 0.1, "\(rate) Hz")
        // ffmpeg brings every rate to 192 kHz first, 24 times the lowest: what EBU Tech 3341 allows between meters.
        let truePeak = try #require(found.truePeak)
        #expect(truePeak - meter.truePeak <= 0.2, "\(rate) Hz: \(truePeak), ffmpeg \(meter.truePeak)")
        #expect(meter.truePeak - truePeak <= 0.4, "\(rate) Hz: \(truePeak), ffmpeg \(meter.truePeak)")
    }
}

extension SampleTableTests {
    /// Bytes of 16-bit samples that a command gives for each file, in one process start for all.
    private static func counted(by command: String, _ files: [String]) async throws -> [Int] {
        let script = "for file; do \(command) | wc -c; done"
        let lines = String(decoding: try await Tool.run("sh", ["-c", script, "sh"] + files), as: UTF8.self)
        return lines.split(separator: "\n").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    }

    private static func countedByFFmpeg(_ files: [String]) async throws -> [Int] {
        // Of three frames without a tag, ffmpeg may think that they are H.263.
        let inputs = files.flatMap { ["-f", "mp3", "-i", $0] }
        let outputs = files.indices.flatMap { ["-map", "\($0):a", "-f", "s16le", "\(files[$0]).raw"] }
        try await Tool.run("ffmpeg", ["-v", "error", "-nostdin"] + inputs + outputs)
        return try files.map { try bytes(of: "\($0).raw").count }
    }
}
