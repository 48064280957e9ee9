import Foundation
import MediaContract
import Reports
import Testing

/// Waveform files read by Python, by the description of the format in audiowaveform's doc/DataFormat.md.
@Suite("Waveform files")
struct WaveformFileTests {
    /// What a reader found.
    struct Read: Decodable, Hashable {
        var version: Int
        var channels: Int
        var sample_rate: Int
        var samples_per_pixel: Int
        var bits: Int
        var length: Int
        var data: [Int]
    }

    private static let datReader = """
        import json, struct, sys
        file = sys.stdin.buffer.read()
        version, flags, rate, samples, length, channels = struct.unpack_from("<iIiiIi", file)
        assert flags >> 1 == 0
        bits = 8 if flags & 1 else 16
        count = length * channels * 2
        assert len(file) == 24 + count * bits // 8, len(file)
        data = struct.unpack_from("<%d%s" % (count, "b" if bits == 8 else "h"), file, 24)
        json.dump(dict(version=version, channels=channels, sample_rate=rate, samples_per_pixel=samples, bits=bits,
                       length=length, data=data), sys.stdout)
        """
    private static let jsonReader = "import json, sys; json.dump(json.load(sys.stdin), sys.stdout)"

    private static let peaks: [Int16] = [-32_768, 32_767, -1, 1, -255, 255, -256, 256, 0, 0, -12_345, 23_456]
    private static let waveform = Waveform(sampleRate: 96_000, samplesPerPixel: 4096, peaks: peaks)

    private static func expected(bits: Int) -> Read {
        // C++ divides towards zero.
        let values = peaks.map { bits == 8 ? Int(Double($0) / 256) : Int($0) }
        return Read(
            version: 2, channels: 1, sample_rate: 96_000, samples_per_pixel: 4096, bits: bits, length: 6, data: values)
    }

    @Test(
        "are what a foreign reader expects, in both formats and resolutions",
        arguments: WaveformFile.Resolution.allCases)
    func read(_ resolution: WaveformFile.Resolution) async throws {
        let file = WaveformFile(Self.waveform, resolution: resolution)
        let expected = Self.expected(bits: resolution.rawValue)
        #expect(try await Foreign.python(Self.datReader, input: file.dat, as: Read.self) == expected)
        #expect(try await Foreign.python(Self.jsonReader, input: file.json, as: Read.self) == expected)
    }

    @Test("have these very bytes")
    func bytes() {
        let small = Waveform(sampleRate: 44_100, samplesPerPixel: 256, peaks: [-2, 258])
        #expect(
            WaveformFile(small).dat == [
                2, 0, 0, 0, 0, 0, 0, 0, 0x44, 0xAC, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xFE, 0xFF, 2, 1,
            ])
        #expect(
            WaveformFile(small, resolution: .bits8).dat == [
                2, 0, 0, 0, 1, 0, 0, 0, 0x44, 0xAC, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1,
            ])
    }

    @Test("of no pixel are still files")
    func empty() async throws {
        let file = WaveformFile(Waveform(sampleRate: 48_000, samplesPerPixel: 256, peaks: []))
        #expect(try await Foreign.python(Self.datReader, input: file.dat, as: Read.self).length == 0)
        #expect(try await Foreign.python(Self.jsonReader, input: file.json, as: Read.self).data == [])
    }

    @Test(
        "zoom to powers of two and to nothing finer than was measured",
        arguments: [(256, 10_336), (512, 5168), (65_536, 41), (1 << 30, 1), (128, nil), (300, nil), (.max, nil)])
    func zoom(_ size: Int, _ pixels: Int?) {
        #expect(Example.waveform.zoomed(samplesPerPixel: size)?.pixelCount == pixels)
    }
}
