import ArgumentParser
import Foundation
import MediaContract
import MediaSandbox
import Pipeline
import SystemPackage

struct Probe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what audio files are, by decoding all of each: format, exact length, what is odd.")

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Audio files.", completion: .file()) var files: [String]
    @Flag(help: "Print JSON, one file a line.") var json = false

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
                Console.error("\(name): \(failure.message)")
                failures += 1
            }
        }
        guard failures == 0 else {
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

/// Files named on the command line, and the media process that reads them.
enum LocalMedia {
    static func sandbox(_ settings: Settings) throws -> MediaSandbox {
        let executable: FilePath
        do {
            executable = try MediaSandbox.locateExecutable(explicit: settings.mediaExecutable.map { FilePath($0) })
        } catch {
            throw CommandError(.badConfiguration, "\(error.message) (LATHE_MEDIA_PATH)")
        }
        return MediaSandbox(executable: executable, logger: try settings.logger())
    }

    static func open(_ path: FilePath) throws(CommandError) -> OpenFile {
        let file: OpenFile
        do {
            file = try OpenFile(reading: path)
        } catch .noSuchFileOrDirectory {
            throw CommandError(.workFailed, "no such file")
        } catch {
            throw CommandError(.workFailed, "cannot be opened: \(error)")
        }
        guard let status = try? FileStatus(of: file.descriptor), status.kind == .regular else {
            throw CommandError(.workFailed, "is not a regular file")
        }
        return file
    }

    static func openCover(_ path: FilePath) throws(CommandError) -> OpenFile {
        do {
            return try open(path)
        } catch {
            throw CommandError(error.exit, "the cover \(path.shown): \(error.message)")
        }
    }
}
