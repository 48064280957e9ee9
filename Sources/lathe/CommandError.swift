import MediaContract
import ObjectStorage
import Pipeline
import Postgres

/// Why a command ends: one line on stderr and an exit status by sysexits(3).
struct CommandError: Error {
    enum Exit: Int32 {
        case workFailed = 1
        case usage = 64
        case unreachable = 69
        case badConfiguration = 78
    }

    let exit: Exit
    /// Empty where there is nothing left to say.
    let message: String

    /// The only file failed, and its own line said all.
    static let wasSaid = CommandError(.workFailed, "")

    init(_ exit: Exit, _ message: String) {
        self.exit = exit
        self.message = message
    }

    /// The line for an error of the modules below; nil for ArgumentParser's own, which it words itself.
    init?(_ error: any Error) {
        switch error {
        case let error as CommandError: self = error
        case let error as PipelineError:
            self.init(error.kind == .unreachable ? .unreachable : .badConfiguration, error.message)
        case MigrationError.database(let error): self.init(error as any Error)
        case MigrationError.pooled: self.init(.badConfiguration, "\(MigrationError.pooled)")
        case let error as MigrationError: self.init(.workFailed, "\(error)")
        case let error as PostgresError: self.init(error)
        case let error as ObjectStorageError: self.init(error.isOutage ? .unreachable : .workFailed, "\(error)")
        case let failure as MediaFailure: self.init(.workFailed, failure.message)
        case is CancellationError: self.init(.workFailed, "stopped")
        default: return nil
        }
    }

    private init(_ error: PostgresError) {
        switch error.kind {
        case _ where error.isConnectionFailure: self.init(.unreachable, error.message)
        // Waiting mends no wrong password, unknown database or malformed URL.
        case .timedOut: self.init(.unreachable, error.message)
        case .connectionFailed, .invalidConfiguration: self.init(.badConfiguration, error.message)
        case .server(.undefinedTable), .server(.undefinedColumn):
            self.init(.badConfiguration, "\(error.message): run `lathe migrate`")
        default: self.init(.workFailed, error.message)
        }
    }
}
