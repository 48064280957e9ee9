import Synchronization

/// A task's wish that its statement stop, carried to the connection's thread.
final class Cancellation: Sendable {
    private let requested = Atomic(false)
    private let thread: ConnectionThread

    init(waking thread: ConnectionThread) { self.thread = thread }

    var isRequested: Bool { requested.load(ordering: .acquiring) }

    func request() {
        requested.store(true, ordering: .releasing)
        thread.wake()
    }
}

/// Stops the statement that runs on a connection. The request goes over a connection of its own, whose attempt may
/// block for minutes when the network is gone, so it has a thread of its own.
final class CancelRequest: Sendable {
    private let handle: CancelHandle
    private let finished = Atomic(false)
    /// When to give up on the server and drop the connection.
    let deadline = ContinuousClock.now + .seconds(5)

    private init(_ handle: consuming CancelHandle) { self.handle = handle }

    /// - Returns: nil where the request could not even be begun.
    static func send(_ handle: consuming CancelHandle?, waking thread: ConnectionThread) -> CancelRequest? {
        guard let handle else { return nil }
        let request = CancelRequest(handle)
        let isStarted = startDetachedThread(named: "postgres-cancel") {
            _ = request.handle.send()
            request.finished.store(true, ordering: .releasing)
            thread.wake()
        }
        return isStarted ? request : nil
    }

    /// The server has taken the request, or will never.
    var isFinished: Bool { finished.load(ordering: .acquiring) }
}
