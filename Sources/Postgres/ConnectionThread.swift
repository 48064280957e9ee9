import CPostgres
import Glibc
import Synchronization

/// The thread of one connection: runs the connection's jobs, and between them watches its socket.
///
/// libpq may block (name lookups, TLS handshakes, a synchronous transaction body), which a thread of its own may do
/// and Swift's cooperative pool may not.
///
/// Tasks may prefer it too: what they do between two statements then needs no other thread to be woken. They wait while
/// a statement runs.
package final class ConnectionThread: SerialExecutor, TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopped = false
        var thread: pthread_t?
        var idleSocket: Int32?
        var onIdleInput: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let event: EventDescriptor

    /// - Throws: ``PostgresError`` of kind `connectionFailed` where the system gives no descriptor or no thread.
    private init() throws(PostgresError) {
        event = try EventDescriptor()
    }

    /// A thread for connections that follow one another, and for tasks.
    package static func started() throws(PostgresError) -> ConnectionThread {
        let thread = try ConnectionThread()
        try thread.start()
        return thread
    }

    /// Begins the thread; it ends after ``stop()`` and the last job.
    private func start() throws(PostgresError) {
        guard startDetachedThread(named: "lathe-postgres", { self.run() }) else {
            throw PostgresError(
                .connectionFailed, "the system refused a thread for the connection; too many threads run")
        }
    }

    /// For whoever knows that no connection and no task uses it any longer: a job that comes later would never run.
    package func stop() {
        state.withLock { $0.isStopped = true }
        wake()
    }

    /// Makes ``wait(for:until:)`` return, or the thread look for jobs.
    func wake() { event.signal() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        wake()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    package func checkIsolated() { precondition(isCurrent, "a connection was used outside its thread") }

    private var isCurrent: Bool {
        state.withLock { state in state.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    /// Calls `handler` on this thread whenever `socket` has something to read while no job runs; nil for nothing.
    func whenIdle(_ socket: Int32?, _ handler: (@Sendable () -> Void)?) {
        state.withLock { state in
            state.idleSocket = socket
            state.onIdleInput = handler
        }
    }

    /// Waits for a socket on behalf of the job that runs now.
    /// - Parameter deadline: nil waits for ever.
    func wait(for interest: SocketInterest, until deadline: ContinuousClock.Instant? = nil) -> SocketReadiness {
        checkIsolated()
        return event.wait(for: interest, until: deadline)
    }

    private func run() {
        state.withLock { $0.thread = pthread_self() }
        while true {
            let (jobs, isStopped) = state.withLock { state in
                defer { state.jobs.removeAll(keepingCapacity: true) }
                return (state.jobs, state.isStopped)
            }
            for job in jobs {
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            guard jobs.isEmpty else { continue }
            if isStopped { return }
            watch()
        }
    }

    private func watch() {
        let (socket, handler) = state.withLock { ($0.idleSocket, $0.onIdleInput) }
        let readiness = event.wait(for: SocketInterest(socket: socket ?? -1, reading: true), until: nil)
        if readiness.contains(.readable) { handler?() }
    }
}

/// Starts a thread that nobody joins. False where the system refuses one.
func startDetachedThread(named name: StaticString, _ body: @escaping @Sendable () -> Void) -> Bool {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let context = unsafe Unmanaged.passRetained(
        Body {
            unsafe postgres_name_thread(UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self))
            body()
        })
    var thread = pthread_t()
    let code = unsafe pthread_create(
        &thread, nil,
        { context in
            if let context = unsafe context { unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
            return nil
        }, context.toOpaque())
    guard code == 0 else {
        unsafe context.release()
        return false
    }
    pthread_detach(thread)
    return true
}
