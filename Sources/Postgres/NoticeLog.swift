import CPostgres
import Logging

/// Receives the server's notices, which libpq would otherwise write to stderr.
final class NoticeLog: Sendable {
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// - Parameter result: borrowed from libpq for the length of the call.
    func receive(_ result: OpaquePointer) {
        let message = unsafe ResultHandle.field(postgres_diag_message, of: result)
        let code = unsafe ResultHandle.field(postgres_diag_sqlstate, of: result)
        logger.debug("Postgres notice: \(message ?? "without text")", metadata: ["sqlstate": "\(code ?? "none")"])
    }
}
