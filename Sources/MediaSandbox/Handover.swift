import Synchronization
import SystemPackage

/// What a process is to do, and who hears of its progress.
struct Assignment: Sendable {
    let request: MediaRequest
    let descriptors: [FileDescriptor]
    let progress: (@Sendable (Double) -> Void)?
}

/// Where one assignment goes from whoever has it to the process that waits for it, at most once.
final class Handover: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Assignment?, Never>)
        case given(Assignment)
        /// Taken, or never to be.
        case closed
    }

    private let state: Mutex<State>

    /// - Parameter assignment: Given from the start, or nil to ``give(_:)`` it later.
    init(_ assignment: Assignment? = nil) {
        state = Mutex(assignment.map(State.given) ?? .open)
    }

    /// - Returns: whether it will be done. False where another was given before, or nobody is left to do it.
    func give(_ assignment: Assignment) -> Bool {
        let (accepted, waiting) = state.withLock { state -> (Bool, CheckedContinuation<Assignment?, Never>?) in
            switch state {
            case .open:
                state = .given(assignment)
                return (true, nil)
            case .awaited(let continuation):
                state = .closed
                return (true, continuation)
            case .given, .closed: return (false, nil)
            }
        }
        waiting?.resume(returning: assignment)
        return accepted
    }

    /// Nothing is to be given any more. What was given before stays.
    func retire() {
        let waiting = state.withLock { state -> CheckedContinuation<Assignment?, Never>? in
            switch state {
            case .open:
                state = .closed
                return nil
            case .awaited(let continuation):
                state = .closed
                return continuation
            case .given, .closed: return nil
            }
        }
        waiting?.resume(returning: nil)
    }

    /// Waits for the assignment; nil once retired, which cancelling the task does.
    func assignment() async -> Assignment? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state -> Assignment?? in
                    switch state {
                    case .open:
                        state = .awaited(continuation)
                        return nil
                    case .given(let assignment):
                        state = .closed
                        return .some(assignment)
                    case .awaited, .closed: return .some(nil)
                    }
                }
                if let known { continuation.resume(returning: known) }
            }
        } onCancel: {
            retire()
        }
    }
}
