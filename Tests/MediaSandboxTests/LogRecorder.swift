import Foundation
import Logging
import Synchronization

/// Keeps what a sandbox logs.
final class LogRecorder: Sendable {
    private let entries = Mutex<[(message: String, metadata: [String: String])]>([])

    /// Records every level.
    var logger: Logger { Logger(label: "test") { [self] _ in Handler(recorder: self) } }

    /// The processes that said they are ready, in that order.
    var children: [RunningChild] {
        entries.withLock { entries in
            entries.compactMap { $0.message == "lathe-media is ready" ? $0.metadata["pid"].flatMap(pid_t.init) : nil }
        }
        .map { RunningChild(processIdentifier: $0) }
    }

    /// What went with the last message of these words; empty if there is none.
    func metadata(of message: String) -> [String: String] {
        entries.withLock { $0.last { $0.message == message }?.metadata ?? [:] }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let words = (event.metadata ?? [:]).mapValues { "\($0)" }
            recorder.entries.withLock { $0.append(("\(event.message)", words)) }
        }
    }
}
