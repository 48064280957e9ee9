import Jobs
import MediaContract
import ObjectStorage
import Postgres

extension JobOutcome {
    /// A storage outage, also one of configuration (a wrong secret, a missing bucket), is no fault of the job: it
    /// waits. What concerns this one object is tried again and then fails.
    static func storageFailure(_ error: ObjectStorageError) -> JobOutcome {
        switch error.kind {
        case .cancelled: .released
        case .diskFull: .snooze(error.message)
        case .rejected, .invalidKey: .fail(error.message)
        case _ where error.isOutage: .snooze(error.message)
        case _: .retry(error.message)
        }
    }

    /// A broken file fails at once; a full disk, or a host that cannot start the media process, waits; a media process
    /// that died is one failed try.
    static func mediaFailure(_ failure: MediaFailure) -> JobOutcome {
        switch failure.kind {
        case .cancelled: .released
        case .diskFull, .processNotStarted: .snooze(failure.message)
        case _ where failure.isPermanent: .fail(failure.message)
        case _: .retry(failure.message)
        }
    }

    /// Any error a handler's steps throw. Once the task is cancelled it says nothing of the job.
    static func failure(_ error: any Error) -> JobOutcome {
        guard !Task.isCancelled else { return .released }
        return switch error {
        case let error as ObjectStorageError: .storageFailure(error)
        case let failure as MediaFailure: .mediaFailure(failure)
        case let error as LocalFileError: error.isPermanent ? .fail(error.message) : .retry(error.message)
        case let error as ScratchFileError: .snooze(error.message)
        case let rejection as JobRejection: .fail(rejection.reason)
        case let error as PostgresError: error.kind == .decoding ? .fail(error.message) : .snooze(error.message)
        case is CancellationError: .released
        default: .retry("\(error)")
        }
    }
}
