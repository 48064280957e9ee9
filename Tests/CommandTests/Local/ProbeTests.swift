import Foundation
import Testing

struct ProbeTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func probe(_ arguments: String...) async throws -> Lathe.Outcome {
        try await Lathe.run(["probe"] + arguments, in: folder)
    }

    /// A FLAC file of another program's making, 24 bit, mono, 48 kHz.
    private func makeFLAC() async throws {
        try Tone(rate: 48_000, count: 123_457).write(to: folder.file("source.wav"))
        try await Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-i", folder.file("source.wav"), "-ac", "1", "-sample_fmt", "s32", "-c:a", "flac",
                folder.file("two.flac"),
            ])
    }

    @Test func formatAndExactLengthAreForPeople() async throws {
        try Tone(count: 100_037).write(to: folder.file("one.wav"))
        try await makeFLAC()
        let outcome = try await probe("one.wav", "two.flac")
        #expect(outcome.status == .exited(0))
        #expect(outcome.error == "")
        #expect(
            outcome.outputLines == [
                "one.wav", "  wav, pcm_s16le, 16 bit, 44100 Hz, stereo", "  0:02, 100037 samples",
                "two.flac", "  flac, flac, 24 bit, 48000 Hz, mono", "  0:03, 123457 samples",
            ])
    }

    /// `sh` for what only a shell can say: where the output goes, and names that are no UTF-8.
    private func shell(_ script: String) async throws -> String {
        let words = "cd '\(folder.file("."))'; lathe='\(Lathe.executable)'; \(script)"
        return String(decoding: try await Tool.run("sh", ["-c", words]), as: UTF8.self)
    }

    @Test(arguments: ["probe --json", "analyze --json", "transcode --out-dir out --json"])
    func resultsThatCannotBeWrittenAreAFailure(command: String) async throws {
        try Tone(count: 20_000).write(to: folder.file("one.wav"))
        let said = try await shell("$lathe \(command) one.wav 2>&1 >/dev/full; echo $?")
        #expect(
            said == "lathe: results could not be written to standard output: No space left on device\n1\n", "\(said)")
    }

    @Test(arguments: ["probe", "analyze"])
    func namesNeedNotBeUTF8(command: String) async throws {
        try Tone(count: 20_000).write(to: folder.file("one.wav"))
        let said = try await shell(
            "n=$(printf 'n\\377.wav'); mv one.wav \"$n\"; $lathe \(command) \"$n\" 2>&1; echo $?")
        #expect(said.hasPrefix("n\u{FFFD}.wav\n"), "\(said)")
        #expect(said.hasSuffix("\n0\n"), "\(said)")
    }

    @Test func theSameAsJSON() async throws {
        try Tone(count: 100_037).write(to: folder.file("one.wav"))
        try await makeFLAC()
        let outcome = try await probe("one.wav", "two.flac", "--json")
        #expect(outcome.status == .exited(0))
        let lines = try outcome.outputLines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(
            lines == [
                Line(
                    file: "one.wav", container: "wav", rate: 44_100, channels: 2, bits: 16, frames: 100_037),
                Line(file: "two.flac", container: "flac", rate: 48_000, channels: 1, bits: 24, frames: 123_457),
            ])
    }

    @Test func whatIsNoAudioIsNamedAndTheRestIsTold() async throws {
        try Tone(count: 100_037).write(to: folder.file("one.wav"))
        try folder.write("words", as: "text.wav")
        let outcome = try await probe("missing.wav", "text.wav", folder.path, "one.wav")
        #expect(outcome.status == .exited(1))
        #expect(outcome.outputLines.first == "one.wav")
        #expect(outcome.errorLines.count == 4)
        for name in ["missing.wav", "text.wav", folder.path] {
            #expect(outcome.errorLines.contains { $0.hasPrefix("lathe: \(name): ") })
        }
        #expect(outcome.errorLines.last == "lathe: 3 of 4 files could not be read")
    }

    @Test(arguments: ["probe", "analyze"])
    func jsonHasAnObjectAlsoForWhatFailed(command: String) async throws {
        struct Failed: Decodable, Equatable {
            let file: String
            var error: String?
        }
        // DEL and a C1 control, which terminals obey.
        let name = "a\u{7F}\u{9B}.wav"
        try Tone(count: 20_000).write(to: folder.file(name))
        let outcome = try await Lathe.run([command, "--json", "missing.wav", name], in: folder)
        let lines = try outcome.outputLines.prefix(2).map { try JSONDecoder().decode(Failed.self, from: Data($0.utf8)) }
        #expect(lines == [Failed(file: "missing.wav", error: "no such file"), Failed(file: name)])
        #expect(outcome.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    }

    private struct Line: Decodable, Equatable {
        let file: String
        let audio: Audio

        struct Audio: Decodable, Equatable {
            let format: Format
            let sample_frames: Int
        }
        struct Format: Decodable, Equatable {
            let container: String
            let sample_rate: Int
            let channels: Int
            let bits_per_sample: Int
        }

        init(file: String, container: String, rate: Int, channels: Int, bits: Int, frames: Int) {
            self.file = file
            audio = Audio(
                format: Format(container: container, sample_rate: rate, channels: channels, bits_per_sample: bits),
                sample_frames: frames)
        }
    }
}
