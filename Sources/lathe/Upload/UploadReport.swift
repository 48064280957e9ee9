import Jobs
import Synchronization
import SystemPackage

/// Says what becomes of the files of an upload, a line each, and adds up.
final class UploadReport: Sendable {
    struct Total: Sendable, Encodable {
        var files = 0
        var uploaded = 0
        var alreadyThere = 0
        var failed = 0
        /// Of the files that were uploaded.
        var bytes: Int64 = 0
        /// What an earlier run had sent of them.
        var bytesResumed: Int64 = 0
        var seconds = 0.0
    }

    enum Outcome: Sendable {
        /// In so many seconds; so many bytes had been sent before.
        case uploaded(seconds: Double, resumed: Int64)
        case alreadyThere
        case wouldUpload
    }

    private let isJSON: Bool
    private let total = Mutex(Total())
    private let start = ContinuousClock.now

    init(isJSON: Bool) {
        self.isJSON = isJSON
    }

    func planned(_ files: Int) {
        total.withLock { $0.files += files }
    }

    func failed(_ path: FilePath, key: String?, _ message: String) {
        total.withLock { $0.failed += 1 }
        Console.error("\(path.shown): \(message)")
        if isJSON { show(Line(file: path.string, key: key, status: .failed, error: message)) { "" } }
    }

    func ended(_ file: UploadPlan.File, _ outcome: Outcome, at url: String) {
        var line = Line(file: file.path.string, key: file.key, status: .uploaded, bytes: file.bytes, url: url)
        switch outcome {
        case .uploaded(let seconds, let resumed):
            total.withLock { total in
                total.uploaded += 1
                total.bytes += file.bytes
                total.bytesResumed += resumed
            }
            line.seconds = seconds
            line.bytesResumed = resumed
            let rate = Readable.bytes(Int64(Double(file.bytes - resumed) / max(seconds, 0.001)))
            let before = resumed > 0 ? ", \(Readable.bytes(resumed)) were there" : ""
            show(line) {
                "\(url)  \(Readable.bytes(file.bytes))  \(Readable.seconds(seconds)), \(rate)/s\(before)"
            }
        case .alreadyThere:
            total.withLock { $0.alreadyThere += 1 }
            line.status = .alreadyThere
            show(line) { "\(url)  already there" }
        case .wouldUpload:
            line.status = .wouldUpload
            show(line) { "\(url)  \(Readable.bytes(file.bytes))  would be sent" }
        }
    }

    /// The last line, for people where there is more than one file.
    func end() -> Total {
        let sum = total.withLock { total in
            total.seconds = start.duration(to: .now).seconds
            return total
        }
        if isJSON {
            show(["total": sum]) { "" }
        } else if sum.files > 1 {
            let counts = [(sum.uploaded, "uploaded"), (sum.alreadyThere, "already there"), (sum.failed, "failed")]
            let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
            Console.line(
                "\(Readable.count(sum.files, "file")): \(parts.joined(separator: ", "))"
                    + "; \(Readable.bytes(sum.bytes)) in \(Readable.seconds(sum.seconds))")
        }
        return sum
    }

    private func show(_ line: some Encodable, _ text: () -> String) {
        if isJSON { try? Console.json(line) } else { Console.line(text()) }
    }

    private struct Line: Encodable {
        enum Status: String, Encodable {
            case uploaded, failed
            case alreadyThere = "already_there"
            case wouldUpload = "would_upload"
        }

        let file: String
        var key: String?
        var status: Status
        var bytes: Int64?
        var url: String?
        var seconds: Double?
        var bytesResumed: Int64?
        var error: String?
    }
}
