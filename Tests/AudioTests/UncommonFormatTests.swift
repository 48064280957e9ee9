import Crypto
import Foundation
import MediaContract
import SystemPackage
import TestSupport
import Testing

@testable import Audio

/// CAF, WavPack, TTA, Monkey's Audio, DSF and Windows Media, and files of more than 4 GiB. What the files hold is in
/// the manifest.
@Suite("Formats that masters seldom come in")
struct UncommonFormatTests {
    private static let lossless = [
        ("caf-s24-44100-stereo.caf", "s32le"), ("caf-s16-48000-mono.caf", "s16le"),
        ("caf-f32-44100-stereo.caf", "f32le"), ("caf-alac-s16-44100-stereo.caf", "s16le"),
        ("wavpack-s16-44100-stereo.wv", "s16le"), ("wavpack-s24-96000-stereo.wv", "s32le"),
        ("wavpack-s16-48000-5.1.wv", "s16le"), ("tta-s16-44100-stereo.tta", "s16le"),
        ("tta-s24-48000-stereo.tta", "s32le"), ("dsf-64-stereo.dsf", "f32le"),
        ("ape-s16-44100-mono.ape", "s16le"),
    ]
    private static let all = lossless.map(\.0) + ["wavpack-hybrid-44100-stereo.wv", "wma-v2-44100-stereo.wma"]

    private static func path(_ name: String) -> String {
        RepositoryPaths.fixtures.appending("audio").appending(name).string
    }

    private func analyze(_ path: String) throws -> (inspection: AudioInspection, analysis: AudioAnalysis) {
        try withInput(path) { try AudioInspector.analyze($0) }
    }

    @Test("Every sample is the one ffmpeg decodes", arguments: lossless)
    func samples(_ name: String, _ format: String) async throws {
        let decoded = try await Tool.run("ffmpeg", ["-v", "error", "-i", Self.path(name), "-f", format, "-"])
        let hash = SHA256.hash(data: decoded).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(try analyze(Self.path(name)).analysis.samplesSHA256 == hash)
    }

    @Test("WavPack's own decoder agrees", arguments: ["wavpack-s16-44100-stereo.wv", "wavpack-s24-48000-mono.wv"])
    func wvunpack(_ name: String) async throws {
        let scratch = try ScratchFolder()
        let wave = scratch.file("a.wav")
        try await Tool.run("wvunpack", ["-q", Self.path(name), "-o", wave])
        #expect(try analyze(wave).analysis.samplesSHA256 == analyze(Self.path(name)).analysis.samplesSHA256)
    }

    @Test("A file that was cut off is corrupt", arguments: all, [0.4, 0.9])
    func truncated(_ name: String, _ share: Double) throws {
        let scratch = try ScratchFolder()
        let whole = try bytes(of: Self.path(name))
        let cut = try scratch.write(Array(whole.prefix(Int(Double(whole.count) * share))), as: "cut")
        #expect(try requireFailure { try Engine.inspect(cut) }.kind == .corrupt)
    }

    /// Found by mutation: libavformat calls it being out of memory.
    @Test("A WMA header that promises more for the codec than the file holds is corrupt")
    func missingExtradata() throws {
        let scratch = try ScratchFolder()
        var changed = try bytes(of: Self.path("wma-v2-44100-stereo.wma"))
        // WAVEFORMATEX: codec 0x161, two channels, 44,100 Hz; cbSize is its last field. Its own size stands 14 bytes
        // before.
        let format = try #require(changed.firstRange(of: [0x61, 1, 2, 0, 0x44, 0xAC, 0, 0])).lowerBound
        changed.replaceSubrange(format - 14..<format - 10, with: [0xFF, 0xFF, 0, 0])
        changed.replaceSubrange(format + 16..<format + 18, with: [0xED, 0xFF])
        let failure = try requireFailure { try Engine.inspect(scratch.write(changed, as: "a.wma")) }
        #expect(failure.kind == .corrupt, "\(failure)")
    }

    @Test(
        "A flipped bit is noticed where the format has checksums",
        arguments: all.filter { [".wv", ".tta", ".ape"].contains(where: $0.hasSuffix) })
    func flipped(_ name: String) throws {
        let scratch = try ScratchFolder()
        var changed = try bytes(of: Self.path(name))
        changed[changed.count * 2 / 3] ^= 0x10
        let file = try scratch.write(changed, as: "flipped")
        #expect(try requireFailure { try Engine.inspect(file) }.kind == .corrupt)
    }

    /// No encoder of Monkey's Audio is at hand, and its frames can be decoded one by one: this one has several.
    private func monkeysAudio(frames: Int) throws -> (file: [UInt8], frameLength: Int) {
        let whole = try bytes(of: Self.path("ape-s16-44100-mono.ape"))
        let header = 52
        let start = header + 24 + 4
        let frame = Array(whole[start..<start + 13_276])
        var file = Array(whole.prefix(start - 4))
        file.replaceSubrange(16..<20, with: little(4 * frames))
        file.replaceSubrange(24..<28, with: little(frame.count * frames))
        // As many blocks in each as in the only one.
        file.replaceSubrange(header + 4..<header + 8, with: little(44_100))
        file.replaceSubrange(header + 12..<header + 16, with: little(frames))
        let first = start + 4 * (frames - 1)
        for number in 0..<frames { file += little(first + number * frame.count) }
        for _ in 0..<frames { file += frame }
        return (file, frame.count)
    }

    private func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    @Test("Monkey's Audio of several frames is decoded to its last sample, and damage in each is noticed")
    func monkeysAudioFrames() async throws {
        let scratch = try ScratchFolder()
        let (file, length) = try monkeysAudio(frames: 3)
        let path = try scratch.write(file, as: "a.ape")
        #expect(try analyze(path).inspection.sampleFrames == 3 * 44_100)
        let theirs = try await Tool.run("ffmpeg", ["-v", "error", "-i", path, "-f", "s16le", "-"])
        let hash = SHA256.hash(data: theirs).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(theirs.count == 2 * 3 * 44_100)
        #expect(try analyze(path).analysis.samplesSHA256 == hash)
        for frame in 0..<3 {
            var changed = file
            changed[changed.count - (frame * length) - length / 2] ^= 0x10
            let failure = try requireFailure { try Engine.inspect(scratch.write(changed, as: "b.ape")) }
            #expect(failure.kind == .corrupt, "\(failure)")
            let cut = try scratch.write(file.dropLast(frame * length + 1000), as: "c.ape")
            #expect(try requireFailure { try Engine.inspect(cut) }.kind == .corrupt)
        }
    }

    @Test("Monkey's Audio that FFmpeg does not decode is unsupported, not corrupt", arguments: [(32, 2), (16, 6)])
    func monkeysAudioBeyond(_ bits: Int, _ channels: Int) throws {
        let scratch = try ScratchFolder()
        var file = try bytes(of: Self.path("ape-s16-44100-mono.ape"))
        file.replaceSubrange(52 + 16..<52 + 20, with: little(channels << 16 | bits))
        let failure = try requireFailure { try Engine.inspect(scratch.write(file, as: "a.ape")) }
        #expect(
            failure
                == MediaFailure(
                    .unsupportedFormat,
                    "Monkey's Audio with \(bits) bits and \(channels) channels is not accepted; up to 24 bits in stereo are"
                ))
    }

    @Test("CAF's packet table says what was put in front and behind")
    func packetTable() async throws {
        let scratch = try ScratchFolder()
        var changed = try bytes(of: Self.path("caf-alac-s16-44100-stereo.caf"))
        let table = try #require(changed.firstRange(of: Array("pakt".utf8))).upperBound + 8
        let (priming, valid) = (1000, 9000)
        changed.replaceSubrange(table + 8..<table + 16, with: (0..<8).map { UInt8(valid >> (56 - 8 * $0) & 0xFF) })
        changed.replaceSubrange(table + 16..<table + 20, with: (0..<4).map { UInt8(priming >> (24 - 8 * $0) & 0xFF) })
        let file = try scratch.write(changed, as: "primed.caf")
        let wave = scratch.file("middle.wav")
        try await Tool.ffmpeg(
            "-i", Self.path("caf-alac-s16-44100-stereo.caf"), "-af",
            "atrim=start_sample=\(priming):end_sample=\(priming + valid)", wave)
        let found = try analyze(file)
        #expect(found.inspection.sampleFrames == Int64(valid))
        #expect(try found.analysis.samplesSHA256 == analyze(wave).analysis.samplesSHA256)
    }

    @Test("A CAF that was written without going back is read to its end, with a warning")
    func openEnd() throws {
        let scratch = try ScratchFolder()
        var changed = try bytes(of: Self.path("caf-s24-44100-stereo.caf"))
        let size = try #require(changed.firstRange(of: Array("data".utf8))).upperBound
        changed.replaceSubrange(size..<size + 8, with: Array(repeating: 0xFF, count: 8))
        let audio = try Engine.inspect(try scratch.write(changed, as: "open.caf"))
        #expect(audio.sampleFrames == 12_007)
        #expect(audio.warnings == ["the header does not state the length; everything up to the end was read"])
    }

    @Test("A CAF whose header makes more samples of its bytes than can be counted is corrupt")
    func uncountable() throws {
        let scratch = try ScratchFolder()
        var changed = try bytes(of: Self.path("caf-s24-44100-stereo.caf"))
        let description = try #require(changed.firstRange(of: Array("desc".utf8))).upperBound + 8
        changed.replaceSubrange(description + 16..<description + 24, with: [0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF])
        let size = try #require(changed.firstRange(of: Array("data".utf8))).upperBound
        changed.replaceSubrange(size..<size + 8, with: Array(repeating: 0xFF, count: 8))
        let file = try scratch.write(changed, as: "a.caf")
        try withFile(file) { try $0.resize(to: 3 << 30) }
        let failure = try requireFailure { try Engine.inspect(file) }
        #expect(failure == MediaFailure(.corrupt, "the CAF header describes no samples"))
    }

    @Test("DSD becomes an MP3 at 44.1 kHz")
    func dsd() throws {
        let scratch = try ScratchFolder()
        let report = try Engine.transcode(
            Self.path("dsf-64-stereo.dsf"), to: scratch.file("out.mp3"), analyzes: true)
        #expect(report.sampleRate == 44_100)
        #expect(report.sampleFrames == 3_001)
        #expect(report.source.format.isLossless)
    }

    @Test("Files of more than 4 GiB are read to their last sample", arguments: ["rf64", "w64"])
    func large(_ format: String) async throws {
        let scratch = try ScratchFolder()
        let (channels, rate) = (8, 192_000)
        let size = 4_500_000_000 / 32 * 32
        let file = scratch.file("large")
        // A short file of the same shape has the header; behind it lies a hole.
        let options = format == "rf64" ? ["-rf64", "always", "-f", "wav"] : ["-f", "w64"]
        try await Tool.run(
            "ffmpeg",
            ["-v", "error", "-f", "lavfi", "-i", "anullsrc=r=\(rate):cl=7.1", "-frames:a", "1", "-c:a", "pcm_s32le"]
                + ["-bitexact"] + options + [file])
        var header = try bytes(of: file)
        let data = try #require(header.firstRange(of: Array("data".utf8))).lowerBound
        let start: Int
        if format == "rf64" {
            start = data + 8
            let sizes = try #require(header.firstRange(of: Array("ds64".utf8))).upperBound + 4
            header.replaceSubrange(sizes + 8..<sizes + 16, with: Self.little(size))
            header.replaceSubrange(sizes..<sizes + 8, with: Self.little(size + start - 8))
        } else {
            start = data + 24
            header.replaceSubrange(data + 16..<data + 24, with: Self.little(size + 24))
            header.replaceSubrange(16..<24, with: Self.little(size + start))
        }
        try scratch.write(Array(header[..<start]), as: "large")
        try withFile(file) { try $0.resize(to: Int64(start + size)) }
        let audio = try Engine.inspect(file)
        #expect(audio.format.channels == channels)
        #expect(audio.sampleFrames == Int64(size / 32))
        try withFile(file) { try $0.resize(to: Int64(start + size - 3_000_000)) }
        #expect(try requireFailure { try Engine.inspect(file) }.kind == .corrupt)
    }

    private static func little(_ number: Int) -> [UInt8] { (0..<8).map { UInt8(number >> (8 * $0) & 0xFF) } }

    private func withFile(_ path: String, _ body: (FileDescriptor) throws -> Void) throws {
        let file = try FileDescriptor.open(FilePath(path), .readWrite)
        try file.closeAfter { try body(file) }
    }
}
