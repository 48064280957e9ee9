import Foundation
import Testing

/// `lathe analyze` with files, options and targets that cannot be.
struct AnalyzeFailureTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func analyze(_ arguments: [String]) async throws -> Lathe.Outcome {
        try await Lathe.run(["analyze"] + arguments, in: folder)
    }

    @Test func badFilesAreNamedInALineEachAndTheOthersAreMeasured() async throws {
        try Tone(count: 60_000).write(to: folder.file("one.wav"))
        try Tone(count: 60_000).write(to: folder.file("two.wav"))
        try folder.write("words", as: "text.wav")
        try folder.write("", as: "empty.wav")
        let bad = ["missing.wav", "text.wav", folder.path, "empty.wav"]
        let outcome = try await analyze(["one.wav"] + bad + ["two.wav", "--html", "report.html"])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.count == 5)
        for name in bad {
            #expect(outcome.errorLines.count { $0.hasPrefix("lathe: \(name): ") } == 1, "\(outcome.error)")
        }
        #expect(outcome.errorLines.last == "lathe: 4 of 6 files could not be read")
        let order = outcome.outputLines.filter { ["one.wav", "two.wav"].contains($0) }
        #expect(order == ["one.wav", "two.wav"])
        #expect(outcome.outputLines.last?.hasPrefix("album: 2 tracks, ") == true)
        #expect(try folder.text("report.html").contains("2 tracks"))
    }

    @Test(arguments: [
        ["one.wav", "two.wav", "--waveform", "w.dat"], ["one.wav", "--waveform", "w.svg"],
        ["one.wav", "--waveform", "w"],
        ["one.wav", "--html", "report.pdf"], ["one.wav", "--waveform", "w.dat", "--zoom", "300"],
        ["one.wav", "--waveform", "w.dat", "--zoom", "128"], ["one.wav", "--waveform", "w.dat", "--zoom", "-256"],
        ["one.wav", "--waveform", "w.dat", "--pixels", "0"],
        ["one.wav", "--waveform", "w.dat", "--zoom", "512", "--pixels", "9"],
        ["one.wav", "--waveform", "w.dat", "--waveform-bits", "12"], ["one.wav", "--zoom", "512"],
        ["one.wav", "--waveform", "w.png", "--pixels", "9"], ["one.wav", "--fail-on", "everything"], [],
    ])
    func optionsThatCannotBeMeantAreUsageErrors(arguments: [String]) async throws {
        try Tone(count: 5000).write(to: folder.file("one.wav"))
        try Tone(count: 5000).write(to: folder.file("two.wav"))
        let outcome = try await analyze(arguments)
        #expect(outcome.status == .exited(64))
        #expect(outcome.output == "" && outcome.error.contains("Usage: lathe"))
        #expect(folder.names == ["one.wav", "two.wav"])
    }

    @Test(arguments: [["--waveform", "w.dat"], ["--html", "w.html"]])
    func whatIsThereIsKeptUnlessForced(options: [String]) async throws {
        try Tone(count: 5000).write(to: folder.file("one.wav"))
        try folder.write("mine", as: options[1])
        let refused = try await analyze(["one.wav"] + options)
        #expect(refused.status == .exited(1))
        #expect(refused.error == "lathe: \(options[1]) is already there; --force replaces it\n")
        #expect(refused.output == "")
        #expect(try folder.text(options[1]) == "mine")
        #expect(try await analyze(["one.wav", "--force"] + options).status == .exited(0))
        #expect(FileManager.default.contents(atPath: folder.file(options[1]))?.count ?? 0 > 50)
        #expect(folder.names.count == 2)
    }

    @Test(arguments: ["master.dat", "./master.dat", "link/master.dat"])
    func aMasterIsNeverReplacedByItsOwnReport(target: String) async throws {
        try Tone(count: 5000).write(to: folder.file("master.dat"))
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: ".")
        let before = FileManager.default.contents(atPath: folder.file("master.dat"))
        let outcome = try await analyze(["master.dat", "--waveform", target, "--force"])
        #expect(outcome.status == .exited(64))
        #expect(outcome.errorLines == ["lathe: master.dat would be replaced by its own report: name another file"])
        #expect(FileManager.default.contents(atPath: folder.file("master.dat")) == before)
    }

    @Test(arguments: [["--waveform", "nowhere/w.dat"], ["--html", "nowhere/w.html"], ["--waveform", "/proc/w.png"]])
    func aTargetThatCannotBeWrittenIsNamed(options: [String]) async throws {
        try Tone(count: 5000).write(to: folder.file("one.wav"))
        let outcome = try await analyze(["one.wav"] + options)
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.count == 1)
        #expect(outcome.error.contains(options[1]))
        // Root may write to /proc, by its word: there it fails when all is measured.
        #expect(outcome.output.isEmpty || options[1].hasPrefix("/proc"))
        #expect(folder.names == ["one.wav"])
    }

    @Test func aZoomFinerThanThereIsSaysWhatThereIs() async throws {
        // 65,536 pixels of 256 samples and some more, at 8 bits and 8 kHz to keep it small.
        try await Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "2100", "-c:a", "pcm_u8",
                folder.file("long.wav"),
            ])
        let outcome = try await analyze(["long.wav", "--waveform", "w.dat", "--zoom", "256"])
        #expect(outcome.status == .exited(1))
        #expect(outcome.errorLines.last?.contains("use --zoom 512 or more") == true)
        #expect(try await analyze(["long.wav", "--waveform", "w.dat", "--zoom", "512"]).status == .exited(0))
    }

    @Test func aMediaProgramThatIsNotThereIsBadConfiguration() async throws {
        try Tone(count: 20_000).write(to: folder.file("good.wav"))
        let outcome = try await Lathe.run(
            ["analyze", "good.wav"], environment: ["LATHE_MEDIA_PATH": "/nowhere/lathe-media"], in: folder)
        #expect(outcome.status == .exited(78))
    }
}
