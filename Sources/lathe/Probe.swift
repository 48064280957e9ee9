import ArgumentParser
import MediaContract
import MediaSandbox
import Pipeline

struct Probe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what audio files are, by decoding all of each: format, exact length, what is odd.")

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Audio files.", completion: .file()) var files: [String]
    @Flag(help: "Print JSON, an object a file, also for one that failed.") var json = false

    func run() async throws {
        let settings = try await Settings(options)
        let sandbox = try LocalMedia.sandbox(settings)
        var failures = 0
        for name in files {
            do {
                let file = try LocalMedia.open(Operand(name).path)
                let audio = try await sandbox.inspectAudio(file.descriptor)
                if json { try Console.json(Line(file: name, audio: audio)) } else { show(name, audio) }
            } catch {
                guard let failure = CommandError(error), !(error is CancellationError) else { throw error }
                try Console.failed(name, failure.message, asJSON: json)
                failures += 1
            }
        }
        guard failures == 0 else {
            guard files.count > 1 else { throw CommandError.wasSaid }
            throw CommandError(.workFailed, "\(failures) of \(files.count) files could not be read")
        }
    }

    private struct Line: Encodable {
        let file: String
        let audio: AudioInspection
    }

    private func show(_ name: String, _ audio: AudioInspection) {
        let format = audio.format
        let bits = format.bitsPerSample.map { ", \($0) bit" } ?? ""
        Console.line(name)
        Console.line("  \(format.container), \(format.codec)\(bits), \(format.sampleRate) Hz, \(format.channelLayout)")
        Console.line("  \(Readable.time(seconds: audio.durationSeconds)), \(audio.sampleFrames) samples")
        for warning in audio.warnings { Console.line("  note: \(warning)") }
    }
}
