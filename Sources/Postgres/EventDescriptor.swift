import CPostgres
import Glibc

/// A socket and what to wait for on it.
struct SocketInterest {
    /// Negative for no socket: only the event and the deadline count.
    let socket: Int32
    var reading = false
    var writing = false
}

/// Why a wait ended. Empty when the deadline passed.
struct SocketReadiness: OptionSet {
    let rawValue: Int

    /// Something to read, or the peer is gone.
    static let readable = SocketReadiness(rawValue: 1)
    static let writable = SocketReadiness(rawValue: 2)
    /// Somebody signalled the event.
    static let woken = SocketReadiness(rawValue: 4)
}

/// Owns an eventfd: any thread signals it, one waits for it together with a socket.
struct EventDescriptor: ~Copyable, Sendable {
    private let descriptor: Int32

    init() throws(PostgresError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else {
            throw PostgresError(.connectionFailed, "the system refused a file descriptor; raise `ulimit -n`")
        }
    }

    deinit { close(descriptor) }

    func signal() {
        // Can only fail when the counter is full, and then the waiter is awake anyway.
        _ = eventfd_write(descriptor, 1)
    }

    /// - Parameter deadline: nil waits for ever.
    func wait(for interest: SocketInterest, until deadline: ContinuousClock.Instant?) -> SocketReadiness {
        var events: Int32 = 0
        if interest.reading { events |= POLLIN }
        if interest.writing { events |= POLLOUT }
        var descriptors = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interest.socket, events: Int16(events), revents: 0),
        ]
        let count = unsafe poll(&descriptors, 2, Self.milliseconds(until: deadline))
        guard count > 0 else { return count == 0 ? [] : .woken }
        var readiness: SocketReadiness = []
        if descriptors[0].revents != 0 {
            var counter: eventfd_t = 0
            _ = unsafe eventfd_read(descriptor, &counter)
            readiness.insert(.woken)
        }
        let happened = Int32(descriptors[1].revents)
        if happened & ~POLLOUT != 0 { readiness.insert(.readable) }
        if happened & POLLOUT != 0 { readiness.insert(.writable) }
        return readiness
    }

    private static func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
        guard let deadline else { return -1 }
        let (seconds, attoseconds) = (deadline - .now).components
        // Rounded up, so that a wait never ends just before its deadline and spins.
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1
        return Int32(clamping: max(0, milliseconds))
    }
}
