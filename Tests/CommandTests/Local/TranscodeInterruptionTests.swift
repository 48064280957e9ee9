import Foundation
import Testing

/// Signals in the middle of a batch, and what another run makes of what is left.
struct TranscodeInterruptionTests {
    private let folder: ScratchFolder
    private let target: String

    init() throws {
        folder = try ScratchFolder()
        target = try folder.folder("out")
    }

    /// Noise: nothing is dearer to encode, and minutes of it are quickly made.
    private func noise(_ name: String, seconds: Int, seed: Int) async throws {
        try await Tool.run(
            "ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "anoisesrc=r=44100:a=0.5:d=\(seconds):s=\(seed)", "-ac", "2",
                folder.file(name),
            ])
    }

    /// Runs a batch until several MP3s are under way, signals it, and waits until it and its children are gone.
    private func interrupted(_ arguments: [String], by signal: CInt, files: Int) async throws -> Lathe.Outcome {
        let target = target
        let (outcome, children) = try await Lathe.run(["transcode"] + arguments, in: folder) { lathe in
            try await eventually("\(files) MP3s are being written") {
                lathe.unfinishedFiles(in: target).count { $0 > 100_000 } >= files
            }
            let children = lathe.children
            lathe.signal(signal)
            return children
        }
        #expect(children.count >= files)
        try await eventually("no child is left") { children.allSatisfy(RunningLathe.hasEnded) }
        return outcome
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalEndsItByThatSignalAndLeavesNothingBehind(signal: CInt) async throws {
        for number in 1...3 { try await noise("\(number).wav", seconds: 300, seed: number) }
        try folder.write("mine", as: "out/1.mp3")
        let files = (1...3).map { "\($0).wav" }
        let outcome = try await interrupted(
            files + ["--force", "--threads", "2", "--out-dir", target], by: signal, files: 2)
        #expect(outcome.status == .signaled(signal))
        #expect(outcome.errorLines == ["lathe: stopped"])
        #expect(outcome.outputLines == ["3 files: 3 not reached"])
        #expect(folder.names == files + ["out", "out/1.mp3"])
        #expect(try folder.text("out/1.mp3") == "mine")
    }

    @Test func whatWasDoneBeforeTheSignalIsNotDoneAgain() async throws {
        try Tone(seconds: 2).write(to: folder.file("short.wav"))
        for number in 1...2 { try await noise("\(number).wav", seconds: 300, seed: number) }
        let target = target
        let (outcome, _) = try await Lathe.run(
            ["transcode", "short.wav", "1.wav", "2.wav", "--threads", "3", "--out-dir", target], in: folder
        ) { lathe in
            try await eventually("the short one is done") { lathe.output.contains("short.mp3") }
            lathe.signal(SIGINT)
        }
        #expect(outcome.status == .signaled(SIGINT))
        #expect(folder.names.count { $0.hasSuffix(".mp3") } == 1)

        for number in 1...2 { try await noise("\(number).wav", seconds: 1, seed: number) }
        let again = try await Lathe.run(
            ["transcode", "short.wav", "1.wav", "2.wav", "--out-dir", target], in: folder)
        #expect(again.status == .exited(0))
        #expect(again.outputLines.contains("\(target)/short.mp3  already done"), "\(again.output)")
        #expect(again.output.contains("3 files: 2 transcoded, 1 already done"), "\(again.output)")
        for name in ["1", "2"] { #expect(try await Tool.samplesByMpg123(folder.file("out/\(name).mp3")) == 44_100) }
    }

    @Test func evenAKillLeavesNoUnfinishedFile() async throws {
        try await noise("long.wav", seconds: 300, seed: 1)
        let outcome = try await interrupted(["long.wav", "--out-dir", target], by: SIGKILL, files: 1)
        #expect(outcome.status == .signaled(SIGKILL))
        #expect(folder.names == ["long.wav", "out"])
    }
}
