import ArgumentParser
import Foundation
import MediaContract
import MediaSandbox
import Pipeline
import Reports
import SystemPackage

struct Analyze: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure masters and say what is wrong with them: loudness, peaks, clipping, silence, fakes.",
        discussion: """
            Every finding names its limit and the document the limit comes from (docs/analysis.md lists them all). Nothing \
            is changed in the files. Several files are measured as an album as well. The exit status is 1 when a file \
            cannot be read, and with --fail-on when a finding is as grave as that.
            """)

    /// From which finding on the command fails.
    enum Gravity: String, ExpressibleByArgument, CaseIterable {
        case block, warn, note, never
    }

    @OptionGroup var options: SettingsOptions
    @Argument(help: "Audio files.", completion: .file()) var files: [String]
    @Flag(help: "Print JSON: an object a file, also for one that failed, and one for the album when there are several.")
    var json = false
    @Option(
        help: "Write a single file's waveform: audiowaveform's data to .json or .dat, or a picture to .png.",
        completion: .file())
    var waveform: String?
    @Option(help: "Samples a pixel of the .json or .dat: 256, 512, 1024 and so on; by default the finest there is.")
    var zoom: Int?
    @Option(help: "Pixels that the .json or .dat has at most: the finest zoom that keeps to it.") var pixels: Int?
    @Option(help: "Bits a value of the .json or .dat: 16 or 8.") var waveformBits = 16
    @Option(help: "Write all reports as one HTML page that needs no other file.", completion: .file()) var html: String?
    @Flag(help: "Replace a waveform or page that is already there.") var force = false
    @Option(help: "Exit with 1 from this finding on: block, warn, note or never.") var failOn = Gravity.never

    func validate() throws {
        _ = try outputs()
    }

    func run() async throws {
        let outputs = try outputs()
        try outputs.checkThatNothingIsLost(files: files, force: force)
        let sandbox = try LocalMedia.sandbox(try await Settings(options))
        let reports = try await stoppable { try await analyzeAll(sandbox) }
        if reports.count > 1 { try show(AlbumReport(reports)) }
        if !reports.isEmpty { try outputs.write(reports, force: force) }
        guard reports.count == files.count else {
            guard files.count > 1 else { throw CommandError.wasSaid }
            throw CommandError(
                .workFailed, "\(files.count - reports.count) of \(files.count) files could not be read")
        }
        try judge(reports)
    }

    private func outputs() throws -> AnalysisOutputs {
        try AnalysisOutputs(
            waveform: waveform, zoom: zoom, pixels: pixels, bits: waveformBits, html: html, fileCount: files.count)
    }

    /// Measures side by side, one file a core, and shows each as soon as those before it are shown.
    ///
    /// - Returns: reports of the files that could be read, in their order.
    private func analyzeAll(_ sandbox: MediaSandbox) async throws -> [TrackReport] {
        let board = ProgressBoard(files: files.count, bytes: Int64(files.count))
        return try await withThrowingTaskGroup(of: (Int, Result<TrackReport, CommandError>).self) { group in
            var pending = files.indices.makeIterator()
            func startNext() {
                guard let index = pending.next() else { return }
                group.addTask { (index, await analyze(index, sandbox: sandbox, board: board)) }
            }
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount { startNext() }
            var ended: [Int: Result<TrackReport, CommandError>] = [:]
            var reports: [TrackReport] = []
            var shown = 0
            while let (index, result) = try await group.next() {
                try Task.checkCancellation()
                startNext()
                ended[index] = result
                while let next = ended.removeValue(forKey: shown) {
                    switch next {
                    case .success(let report):
                        try show(report, isFirst: reports.isEmpty)
                        reports.append(report)
                    case .failure(let error): try Console.failed(files[shown], error.message, asJSON: json)
                    }
                    shown += 1
                }
            }
            return reports
        }
    }

    private func analyze(
        _ number: Int, sandbox: MediaSandbox, board: ProgressBoard
    ) async -> Result<TrackReport, CommandError> {
        let name = files[number]
        // Each file counts the same: how long they take is not known before.
        defer { board.end(number, bytes: 1) }
        do {
            let file = try LocalMedia.open(Operand(name).path)
            return .success(
                try await LocalMedia.measure(file.descriptor, named: name, sandbox) {
                    board.update(number, name, bytes: 1, $0)
                })
        } catch {
            return .failure(CommandError(error) ?? CommandError(.workFailed, "\(error)"))
        }
    }

    private func show(_ report: TrackReport, isFirst: Bool) throws {
        if json { return try Console.json(report) }
        if !isFirst { Console.line() }
        Console.line(report.textLines.joined(separator: "\n"))
    }

    private func show(_ album: AlbumReport) throws {
        if json { return try Console.json(["album": album]) }
        Console.line("\nalbum: \(album.line)")
    }

    private func judge(_ reports: [TrackReport]) throws(CommandError) {
        guard let limit = Finding.Severity(rawValue: failOn.rawValue) else { return }
        let bad = reports.filter { report in report.severity.map { $0 <= limit } ?? false }
        guard !bad.isEmpty else { return }
        throw CommandError(
            .workFailed,
            "\(bad.count) of \(reports.count) files have findings from \(limit.rawValue) on: "
                + bad.map(\.file).joined(separator: ", "))
    }
}
