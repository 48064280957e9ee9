import Foundation
import Logging
import SystemPackage

/// Appends log lines to a file that others write to as well: the application's own log. Each line is one write to a
/// descriptor in append mode, so that lines of several processes do not mix.
struct LogFile: LogHandler {
    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    private let label: String
    private let file: FileDescriptor

    /// Opens once; the descriptor is shared by every logger and lives as long as the process.
    static func open(_ path: String) throws(CommandError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw CommandError(.badConfiguration, "the log file \(path) cannot be opened (LOG_FILE_PATH): \(error)")
        }
    }

    init(label: String, file: FileDescriptor) {
        self.label = label
        self.file = file
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let time = Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        let line = "\(time) \(event.level) \(label):\(pairs) \(event.message)".withoutControlCharacters + "\n"
        // A log that cannot be written must not stop the work.
        _ = try? file.writeAll(Array(line.utf8))
    }
}
