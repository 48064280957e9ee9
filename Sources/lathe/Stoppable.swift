import Foundation
import Glibc
import UnixSignals

/// A signal ended a command before it was done.
struct StoppedBySignal: Error {
    private let signal: UnixSignal

    fileprivate init(_ signal: UnixSignal) {
        self.signal = signal
    }

    /// Ends the process by the signal itself: a shell that runs a loop or a script then knows that Ctrl-C was meant for
    /// all of it, and `$?` is 130 or 143 as for any program.
    func endProcess() -> Never {
        let number = signal == .sigint ? SIGINT : SIGTERM
        _ = Glibc.signal(number, SIG_DFL)
        var unblocked = sigset_t()
        unsafe sigemptyset(&unblocked)
        unsafe sigaddset(&unblocked, number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
        raise(number)
        // Not reached unless somebody ignores the signal for us.
        exit(128 + number)
    }
}

/// Runs `body` so that SIGINT and SIGTERM cancel it instead of ending the process, and waits until it has tidied up.
/// - Throws: what `body` throws; `StoppedBySignal` where a signal came first.
func stoppable<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    return try await withThrowingTaskGroup(of: Ending<R>.self) { group in
        group.addTask { .done(try await body()) }
        group.addTask {
            for await signal in signals { return .stopped(signal) }
            return .unheard
        }
        defer { group.cancelAll() }
        while let ending = try await group.next() {
            switch ending {
            case .done(let result): return result
            case .unheard: continue
            case .stopped(let signal):
                group.cancelAll()
                _ = await group.nextResult()
                throw StoppedBySignal(signal)
            }
        }
        throw CancellationError()
    }
}

private enum Ending<R: Sendable>: Sendable {
    case done(R)
    case stopped(UnixSignal)
    /// The surrounding task was cancelled.
    case unheard
}
