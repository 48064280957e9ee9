package import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// One end of the conversation between `lathe` and `lathe-media`: frames over a Unix stream socket, with file
/// descriptors beside them (SCM_RIGHTS).
///
/// A frame is a length (4 bytes, big-endian, 1 … ``maximumFrameSize``) and that many bytes of payload. A stream
/// socket is used rather than SOCK_SEQPACKET because a packet cannot be larger than the socket's send buffer, and a
/// report may be.
///
/// Sending and receiving block the calling thread, so neither belongs on a thread of Swift's cooperative pool.
package final class Channel: Sendable {
    /// Largest payload either side accepts, in bytes: many times a long report, and little enough that a hostile
    /// peer cannot make the other side hold much.
    package static let maximumFrameSize = 8 << 20

    /// Most descriptors that travel with one frame: input, output and cover.
    package static let maximumDescriptors = 3

    /// The socket. It stays open as long as the channel lives.
    package let socket: FileDescriptor

    /// Takes over a connected socket and closes it when the last reference to the channel goes.
    package init(adopting socket: FileDescriptor) {
        self.socket = socket
    }

    deinit {
        try? socket.close()
    }

    /// A connected pair: this process's end, and the end to hand to a child. Both close on exec.
    ///
    /// The caller closes `peer`.
    ///
    /// - Throws: the error of socketpair(2), in practice that no descriptor is left.
    package static func pair() throws(Errno) -> (channel: Channel, peer: FileDescriptor) {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
        return (Channel(adopting: FileDescriptor(rawValue: ends[0])), FileDescriptor(rawValue: ends[1]))
    }

    /// Sends one frame.
    ///
    /// - Parameters:
    ///   - payload: 1 … ``maximumFrameSize`` bytes.
    ///   - descriptors: At most ``maximumDescriptors``. The peer gets its own descriptors of the same open files; the
    ///     caller's stay open.
    ///   - deadline: When to give up; never if nil.
    package func send(
        _ payload: [UInt8], descriptors: [FileDescriptor] = [], deadline: SuspendingClock.Instant? = nil
    ) throws(ChannelError) {
        guard (1...Self.maximumFrameSize).contains(payload.count) else {
            throw .unreadable("a frame of \(payload.count) bytes")
        }
        let length = UInt32(payload.count)
        let frame = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + payload
        var sent = 0
        while sent < frame.count {
            // The kernel delivers descriptors with the first byte they were sent with.
            let rights = sent == 0 ? descriptors : []
            sent += try attempt(.write, before: deadline) { () throws(Errno) in
                try SocketMessage.send(frame[sent...], descriptors: rights, on: socket)
            }
        }
    }

    /// Receives one frame, or nil where the peer closed the conversation between two frames.
    ///
    /// - Parameters:
    ///   - maximumDescriptors: How many descriptors may come with it. With 0 the kernel discards whatever the peer
    ///     sent along. The caller closes the descriptors it gets.
    ///   - deadline: When to give up; never if nil.
    package func receive(
        maximumDescriptors: Int = 0, deadline: SuspendingClock.Instant? = nil
    ) throws(ChannelError) -> Frame? {
        var descriptors: [FileDescriptor] = []
        do throws(ChannelError) {
            guard
                let header = try receive(4, at: .start, maximumDescriptors, &descriptors, deadline)
            else { return nil }
            let length = header.reduce(0) { $0 << 8 | Int($1) }
            guard (1...Self.maximumFrameSize).contains(length) else {
                throw ChannelError.unreadable("a frame of \(length) bytes")
            }
            let payload = try receive(length, at: .inside, maximumDescriptors, &descriptors, deadline)
            return Frame(payload: payload ?? [], descriptors: descriptors)
        } catch {
            for descriptor in descriptors { try? descriptor.close() }
            throw error
        }
    }

    /// Ends the conversation in both directions: the peer reads the end of the stream. The socket itself stays open.
    package func hangUp() {
        _ = shutdown(socket.rawValue, CInt(SHUT_RDWR))
    }

    /// Blocks until the peer has hung up or died, whatever else arrives meanwhile.
    package func waitUntilHungUp() {
        // POLLHUP needs no asking: poll(2) reports it always.
        var entry = pollfd(fd: socket.rawValue, events: 0, revents: 0)
        while unsafe poll(&entry, 1, -1) < 0, errno == EINTR {}
    }

    private enum Position {
        case start
        case inside
    }

    /// Exactly `count` bytes, or nil where the stream ends before the first of them and a frame could start there.
    private func receive(
        _ count: Int, at position: Position, _ maximumDescriptors: Int, _ descriptors: inout [FileDescriptor],
        _ deadline: SuspendingClock.Instant?
    ) throws(ChannelError) -> [UInt8]? {
        // Grows with what has really arrived: a length alone reserves nothing.
        var bytes: [UInt8] = []
        while bytes.count < count {
            let wanted = min(count - bytes.count, 1 << 16)
            let room = maximumDescriptors - descriptors.count
            let part = try attempt(.read, before: deadline) { () throws(Errno) in
                try SocketMessage.receive(upTo: wanted, maximumDescriptors: room, on: socket)
            }
            descriptors += part.descriptors
            if part.bytes.isEmpty {
                if bytes.isEmpty, position == .start { return nil }
                throw .closed
            }
            bytes += part.bytes
        }
        return bytes
    }

    private enum Direction {
        case read
        case write
    }

    /// Repeats a non-blocking operation, sleeping in poll(2) until the socket is ready for it.
    private func attempt<Result>(
        _ direction: Direction, before deadline: SuspendingClock.Instant?,
        _ operation: () throws(Errno) -> Result
    ) throws(ChannelError) -> Result {
        while true {
            do throws(Errno) {
                return try operation()
            } catch {
                switch error {
                case .wouldBlock: try waitUntilReady(direction, before: deadline)
                case .interrupted: continue
                // A peer that closes with unread bytes resets the connection.
                case .brokenPipe, .connectionReset: throw .closed
                default: throw .system(error)
                }
            }
        }
    }

    private func waitUntilReady(
        _ direction: Direction, before deadline: SuspendingClock.Instant?
    ) throws(ChannelError) {
        var timeout: CInt = -1
        if let deadline {
            let left = SuspendingClock().now.duration(to: deadline)
            guard left > .zero else { throw .timedOut }
            // Rounded up, so that a poll that times out is past the deadline.
            timeout = CInt(min((left / .milliseconds(1)).rounded(.up), Double(CInt.max)))
        }
        let events = Int16(direction == .read ? POLLIN : POLLOUT)
        var entry = pollfd(fd: socket.rawValue, events: events, revents: 0)
        guard unsafe poll(&entry, 1, timeout) < 0 else { return }
        let error = Errno(rawValue: errno)
        if error != .interrupted { throw .system(error) }
    }
}

/// What one ``Channel/receive(maximumDescriptors:deadline:)`` brought.
package struct Frame: Sendable {
    package var payload: [UInt8]
    /// Open, close-on-exec, and the receiver's to close.
    package var descriptors: [FileDescriptor]
}

/// Why a frame could not be sent or received.
package enum ChannelError: Error, Sendable, Hashable {
    /// The peer is gone, or closed its end inside a frame.
    case closed
    /// The deadline passed.
    case timedOut
    /// What was to be sent or what arrived is no frame or no message; says what it was.
    case unreadable(String)
    /// The socket failed otherwise.
    case system(Errno)
}
