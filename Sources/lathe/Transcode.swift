import ArgumentParser
import Foundation
import Jobs
import MediaContract
import MediaSandbox
import Pipeline
import SystemPackage

struct Transcode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cut 320 kbps MP3s, exact to the sample, without database or storage.",
        discussion: """
            Each MP3 is written beside its target, decoded again and counted, and only then given its name. Files are \
            transcoded side by side, one a core, and by several cores each when there are fewer files. A bad file does not stop \
            the others; the exit status is then 1.
            """)

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Audio files.", completion: .file()) var files: [String]
    @Option(name: .shortAndLong, help: "The MP3 to write; only with a single file.") var output: String?
    @Option(help: "Folder for the MP3s; by default each lies beside its source.") var outDir: String?
    @Flag(help: "Replace an MP3 that is already there.") var force = false
    @Option(help: "Threads in all; by default one a core. A file gets several when there are fewer files than threads.")
    var threads = ProcessInfo.processInfo.activeProcessorCount
    @Flag(help: "Print JSON, one file a line.") var json = false

    @Option(help: "Title tag.") var title: String?
    @Option(help: "Artist tag.") var artist: String?
    @Option(help: "Album tag.") var album: String?
    @Option(help: "Cover picture, JPEG or PNG.", completion: .file()) var cover: String?

    func validate() throws {
        guard output == nil || files.count == 1 else {
            throw ValidationError("-o names one MP3; use --out-dir for \(files.count) files.")
        }
        guard (1...64).contains(threads) else { throw ValidationError("--threads takes 1 to 64.") }
        guard output == nil || outDir == nil else { throw ValidationError("-o and --out-dir exclude each other.") }
    }

    func run() async throws {
        let sandbox = try LocalMedia.sandbox(try await Settings(options))
        let targets = try planTargets()
        try makeFolder()
        let failures = try await stoppable { await transcodeAll(to: targets, sandbox: sandbox) }
        guard failures == 0 else {
            throw CommandError(.workFailed, "\(failures) of \(files.count) files were not transcoded")
        }
    }

    private func makeFolder() throws(CommandError) {
        guard let outDir else { return }
        do {
            try FileManager.default.createDirectory(atPath: outDir, withIntermediateDirectories: true)
        } catch {
            let reason = ((error as? CocoaError)?.underlying as? POSIXError).map {
                "\(Errno(rawValue: $0.code.rawValue))"
            }
            throw CommandError(
                .workFailed, "the folder \(outDir) cannot be made: \(reason ?? error.localizedDescription)")
        }
    }

    /// - Returns: how many failed.
    private func transcodeAll(to targets: [FilePath], sandbox: MediaSandbox) async -> Int {
        let board = ProgressBoard(count: files.count)
        return await withTaskGroup(of: Bool.self) { group in
            var pending = zip(files, targets).makeIterator()
            var unfinished = files.count
            // One file a thread wastes nothing. A file is only split where threads would find no other.
            func startNext() {
                guard let (source, target) = pending.next() else { return }
                let threads = max(1, threads / unfinished)
                group.addTask { await transcode(source, to: target, threads: threads, sandbox: sandbox, board: board) }
            }
            for _ in 0..<threads { startNext() }
            var failures = 0
            while let succeeded = await group.next() {
                unfinished -= 1
                if !succeeded { failures += 1 }
                if !Task.isCancelled { startNext() }
            }
            return failures
        }
    }

    /// Where each MP3 goes; two sources may not have the same target, and none may be its own.
    private func planTargets() throws(CommandError) -> [FilePath] {
        var targets: [FilePath] = []
        var sources: [String: String] = [:]
        for file in files {
            let source = FilePath(file)
            guard let stem = source.stem else { throw CommandError(.usage, "\(file) is not a file name") }
            let folder = outDir.map { FilePath($0) } ?? source.removingLastComponent()
            let target = output.map { FilePath($0) } ?? folder.appending("\(stem).mp3")
            guard Self.place(of: target) != Self.place(of: source) else {
                throw CommandError(.usage, "\(file) would be replaced by its own MP3: name another file or --out-dir")
            }
            if let other = sources.updateValue(file, forKey: Self.place(of: target)) {
                throw CommandError(.usage, "\(other) and \(file) would both become \(target): use another --out-dir")
            }
            targets.append(target)
        }
        return targets
    }

    /// The same for all the ways to write one path, through `.`, `..` and linked folders.
    private static func place(of path: FilePath) -> String {
        let folder = URL(filePath: path.removingLastComponent().string, directoryHint: .isDirectory)
        return folder.resolvingSymlinksInPath().appending(path: path.lastComponent?.string ?? "").path
    }

    private func transcode(
        _ source: String, to target: FilePath, threads: Int, sandbox: MediaSandbox, board: ProgressBoard
    ) async -> Bool {
        do {
            let start = ContinuousClock.now
            let report = try await cut(source, to: target, threads: threads, sandbox: sandbox, board: board)
            board.end(source)
            let took = start.duration(to: .now).seconds
            if json {
                try Console.json(Line(file: source, output: target.string, seconds: took, report: report))
            } else {
                show(target, report, took: took)
            }
            return true
        } catch {
            board.end(source)
            // That all of them are stopped is said once.
            guard !Task.isCancelled else { return false }
            Console.error("\(source): \(CommandError(error)?.message ?? "\(error)")")
            return false
        }
    }

    private func cut(
        _ source: String, to target: FilePath, threads: Int, sandbox: MediaSandbox, board: ProgressBoard
    ) async throws -> TranscodeReport {
        guard force || !FileManager.default.fileExists(atPath: target.string) else {
            throw CommandError(.workFailed, "\(target) is already there; --force replaces it")
        }
        let input = try LocalMedia.open(source)
        let picture = try cover.map(openCover)
        let output = try UnfinishedFile(for: target)
        let report = try await sandbox.transcode(
            input.descriptor, to: output.file.descriptor, profile: .mp3At320,
            tags: TrackTags(title: title, artist: artist, album: album), cover: picture.openDescriptor, threads: threads
        ) { fraction in
            board.update(source, fraction)
        }
        try output.publish(replacing: force)
        return report
    }

    private func openCover(_ name: String) throws(CommandError) -> OpenFile {
        do {
            return try LocalMedia.open(name)
        } catch {
            throw CommandError(error.exit, "the cover \(name): \(error.message)")
        }
    }

    private struct Line: Encodable {
        let file: String
        let output: String
        let seconds: Double
        let report: TranscodeReport
    }

    private func show(_ target: FilePath, _ report: TranscodeReport, took: Double) {
        let length = Readable.time(seconds: Int(report.duration.rounded()))
        let speed = Int((report.duration / max(took, 0.001)).rounded())
        Console.line(
            "\(target)  \(length)  \(Readable.bytes(report.bytes))  \(Readable.seconds(took)), \(speed)× real time")
        for warning in report.source.warnings + report.warnings { Console.line("  note: \(warning)") }
    }
}
