import MediaContract
import Testing

@Suite("The MP3 plays exactly the master's samples")
struct GaplessTests {
    /// 200 lengths: the first ones, both sides of every frame border up to eight, the lengths for which FFmpeg's own
    /// tag is wrong (1…46 samples into a frame), and a fixed scatter up to 20,000.
    static let lengths: [Int] = {
        var lengths = Set(1...24)
        for frames in 1...8 { lengths.formUnion((frames * 1152 - 2)...(frames * 1152 + 2)) }
        for rest in stride(from: 3, through: 46, by: 3) { lengths.insert(9 * 1152 + rest) }
        var state: UInt32 = 1
        while lengths.count < 200 {
            state = state &* 1_664_525 &+ 1_013_904_223
            lengths.insert(1 + Int(state >> 8) % 20_000)
        }
        return lengths.sorted()
    }()

    static let batches = lengths.indices.filter { $0 % 25 == 0 }.map {
        Array(lengths[$0..<min($0 + 25, lengths.count)])
    }

    @Test("for 200 lengths from 1 to 20,000, by ffmpeg and mpg123", arguments: batches)
    func everyLength(_ lengths: [Int]) async throws {
        let scratch = try ScratchFolder()
        for length in lengths {
            let channels = 1 + length % 2
            let input = try scratch.write(WaveFile(channels: channels, count: length).bytes, as: "in.wav")
            let output = scratch.file("\(length).mp3")
            let report = try Engine.transcode(input, to: output)
            #expect(report.sampleFrames == Int64(length))
            #expect(report.channels == channels)
            #expect(try await Tool.samplesByFFmpeg(output, channels: channels) == length)
            #expect(try await Tool.samplesByMpg123(output, channels: channels) == length)
        }
    }

    @Test("at every rate of MPEG-1, by ffmpeg, mpg123 and lame", arguments: [32_000, 44_100, 48_000], [1, 2])
    func everyRate(_ rate: Int, _ channels: Int) async throws {
        let scratch = try ScratchFolder()
        for length in [1, 1105, 1152, 10_391, 44_117] {
            let wave = WaveFile(rate: rate, channels: channels, count: length)
            let input = try scratch.write(wave.bytes, as: "in.wav")
            let output = scratch.file("\(length).mp3")
            #expect(try Engine.transcode(input, to: output).sampleFrames == Int64(length))
            #expect(try await Tool.samplesByFFmpeg(output, channels: channels) == length)
            #expect(try await Tool.samplesByMpg123(output, channels: channels) == length)
            #expect(try await Tool.samplesByLAME(output, channels: channels) == length)
        }
    }

    @Test("and starts where the master starts, with a cover in front")
    func startIsAligned() async throws {
        let scratch = try ScratchFolder()
        let input = try scratch.write(WaveFile(channels: 1, count: 30_000, impulse: 12_345).bytes, as: "in.wav")
        let cover = scratch.file("cover.jpg")
        try await Tool.ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1", cover)
        let output = scratch.file("out.mp3")
        try Engine.transcode(input, to: output, cover: cover)
        #expect(try await loudestSample(output) == 12_345)
    }
}

/// Position of the sample with the largest magnitude in a mono file, as ffmpeg decodes it.
func loudestSample(_ path: String) async throws -> Int? {
    let raw = try await Tool.run("ffmpeg", ["-v", "error", "-i", path, "-map", "0:a", "-f", "s16le", "-"])
    let samples = stride(from: 0, to: raw.count - 1, by: 2).map {
        Int(Int16(bitPattern: UInt16(raw[$0]) | UInt16(raw[$0 + 1]) << 8)).magnitude
    }
    return samples.indices.max { samples[$0] < samples[$1] }
}
