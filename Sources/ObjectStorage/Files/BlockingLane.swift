import Dispatch
import Synchronization

/// Runs work that blocks in system calls on a few threads of its own, so that the cooperative pool never waits for a
/// disk. Work beyond the limit waits in line.
final class BlockingLane: Sendable {
    /// For everything this module reads and writes on disks.
    static let files = BlockingLane(label: "lathe.storage.files", width: 4)

    private struct Line {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let queue: DispatchQueue
    private let width: Int
    private let line = Mutex(Line())

    init(label: String, width: Int) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
        self.width = width
    }

    /// - Parameter work: Gets a function that tells whether the calling task was cancelled, to be asked between
    ///   pieces of the work.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable (_ isCancelled: @Sendable () -> Bool) throws(ObjectStorageError) -> Value
    ) async throws(ObjectStorageError) -> Value {
        let cancellation = CancellationFlag()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, ObjectStorageError>, _>) in
                enqueue {
                    continuation.resume(
                        returning: Result { () throws(ObjectStorageError) in
                            if cancellation.isSet { throw .cancelled }
                            return try work { cancellation.isSet }
                        })
                }
            }
        } onCancel: {
            cancellation.set()
        }
        return try result.get()
    }

    private func enqueue(_ work: @escaping @Sendable () -> Void) {
        let startsThread = line.withLock { line in
            line.waiting.append(work)
            guard line.running < width else { return false }
            line.running += 1
            return true
        }
        if startsThread { queue.async { self.drain() } }
    }

    private func drain() {
        while let work = next() { work() }
    }

    private func next() -> (@Sendable () -> Void)? {
        line.withLock { line in
            guard line.waiting.isEmpty else { return line.waiting.removeFirst() }
            line.running -= 1
            return nil
        }
    }
}

/// Set once, from any thread.
final class CancellationFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}
