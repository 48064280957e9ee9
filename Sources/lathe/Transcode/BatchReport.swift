import Jobs
import MediaContract
import Synchronization
import SystemPackage

/// Says what becomes of the files of a batch, a line each, and adds up.
final class BatchReport: Sendable {
    private let isJSON: Bool
    private let isVerbose: Bool
    private let total = Mutex(BatchTotal())
    private let start = ContinuousClock.now

    init(isJSON: Bool, isVerbose: Bool) {
        self.isJSON = isJSON
        self.isVerbose = isVerbose
    }

    /// So many files are to be transcoded.
    func planned(_ files: Int) {
        total.withLock { $0.files += files }
    }

    /// A folder that its files cannot be known of.
    func failed(folder: FilePath, _ message: String) {
        total.withLock { $0.files += 1 }
        failed(folder, output: nil, message)
    }

    /// Something in a folder that is no job.
    func leftOut(_ path: FilePath, _ reason: String) {
        total.withLock { $0.leftOut += 1 }
        guard isVerbose else { return }
        show(Line(file: path.string, status: .leftOut, reason: reason)) { "\(path.shown)  left out: \(reason)" }
    }

    func failed(_ source: FilePath, output: FilePath?, _ message: String) {
        total.withLock { $0.failed += 1 }
        Console.error("\(source.shown): \(message)")
        if isJSON {
            show(Line(file: source.string, output: output?.string, status: .failed, error: message)) { "" }
        }
    }

    func ended(_ job: TranscodeJob, _ outcome: FileTranscoder.Outcome) {
        var line = Line(file: job.source.string, output: job.target.string, status: .transcoded)
        let target = job.target.shown
        total.withLock { $0.count(outcome, sourceSize: job.size) }
        switch outcome {
        case .transcoded(let report, let took):
            line.seconds = took
            line.report = report
            show(line) { Self.text(target, report, took: took) }
        case .copied(let original, _):
            line.status = .copied
            line.copiedFrom = original.string
            show(line) { "\(target)  copied from \(original.shown), which has the same audio" }
        case .alreadyDone:
            line.status = .alreadyDone
            show(line) { "\(target)  already done" }
        }
    }

    /// The last lines.
    /// - Parameter isShown: to people too; one file's own line says it all.
    /// - Returns: what it all came to.
    func end(isShown: Bool) -> BatchTotal {
        let sum = total.withLock { total in
            let reached = total.transcoded + total.copied + total.alreadyDone + total.failed
            total.notReached = total.files - reached
            total.seconds = start.duration(to: .now).seconds
            return total
        }
        if isJSON {
            show(TotalLine(total: sum)) { "" }
        } else if isShown {
            for line in sum.lines { Console.line(line) }
        }
        return sum
    }

    private static func text(_ target: String, _ report: TranscodeReport, took: Double) -> String {
        let length = Readable.time(seconds: Int(report.duration.rounded()))
        let speed = Int((report.duration / max(took, 0.001)).rounded())
        let notes = (report.source.warnings + report.warnings).map { "\n  note: \($0.withoutControlCharacters)" }
        return "\(target)  \(length)  \(Readable.bytes(report.bytes))  \(Readable.seconds(took)), \(speed)× real time"
            + notes.joined()
    }

    private func show(_ line: some Encodable, _ text: () -> String) {
        if isJSON { try? Console.json(line) } else { Console.line(text()) }
    }

    private struct Line: Encodable {
        enum Status: String, Encodable {
            case transcoded, copied, failed
            case alreadyDone = "already_done"
            case leftOut = "left_out"
        }

        let file: String
        var output: String?
        var status: Status
        var seconds: Double?
        var report: TranscodeReport?
        var copiedFrom: String?
        var error: String?
        var reason: String?
    }

    private struct TotalLine: Encodable {
        let total: BatchTotal
    }
}

extension BatchTotal {
    fileprivate mutating func count(_ outcome: FileTranscoder.Outcome, sourceSize: Int64) {
        switch outcome {
        case .transcoded(let report, _): add(report, sourceSize: sourceSize)
        case .copied: copied += 1
        case .alreadyDone: alreadyDone += 1
        }
    }
}
