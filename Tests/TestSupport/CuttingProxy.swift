import Foundation
import Synchronization
import SystemPackage

/// A TCP proxy on 127.0.0.1 between a program and a server, that can be as bad as a network: it cuts connections,
/// refuses them, and falls silent.
///
/// One thread forwards all connections and owns every socket; what it is told to do reaches it through a mutex and a
/// pipe. It ends, and closes everything, with the last reference to the proxy.
package final class CuttingProxy: Sendable {
    /// How a connection ends under its two users.
    package enum Cut: Sendable, Hashable, CaseIterable {
        /// Both sides read an end of file.
        case close
        /// Both sides get an RST: "connection reset by peer".
        case reset
    }

    /// What becomes of connections and of what they carry.
    package enum Mode: Sendable, Hashable {
        case forwarding
        /// Nobody listens; open connections go on.
        case refusing
        /// Connections are accepted and nothing is carried in either direction, as if every packet were lost.
        case stalling
    }

    /// Where programs connect to; the same in every mode.
    package let port: UInt16
    private let control: ProxyControl

    /// Begins to forward.
    /// - Parameter target: the server's port on 127.0.0.1. Nothing needs to listen there yet.
    /// - Throws: ``TestTools/Failure`` where the system gives no port.
    package init(to target: UInt16) throws {
        let (listener, port) = try Self.listen()
        let control = try ProxyControl(listener)
        Thread.detachNewThread {
            // The loop is the listener's only owner, so that it can close it.
            var loop = ProxyLoop(control: control, listener: control.takeListener(), port: port, target: target)
            loop.run()
        }
        self.control = control
        self.port = port
    }

    deinit { control.end() }

    /// Says what is to be done from now on. Returns when it is.
    package func set(_ mode: Mode) async { _ = await control.order(.mode(mode)) }

    /// Ends every connection there is.
    /// - Returns: how many there were.
    @discardableResult
    package func cutAll(_ cut: Cut) async -> Int { await control.order(.cut(cut)) }

    private static func listen() throws -> (ProxySocket, UInt16) {
        for _ in 0..<100 {
            // Below the range the kernel gives to outgoing connections: none of them can take the port while this
            // proxy refuses.
            let port = UInt16.random(in: 20_000..<32_000)
            if let socket = ProxySocket.listening(on: port) { return (socket, port) }
        }
        throw TestTools.Failure("no free port on 127.0.0.1: \(errno)")
    }
}

/// What the proxy's users tell its thread.
private final class ProxyControl: Sendable {
    enum Order: Sendable {
        case mode(CuttingProxy.Mode)
        case cut(CuttingProxy.Cut)
    }

    private struct State {
        var orders: [(Order, CheckedContinuation<Int, Never>)] = []
        var isOver = false
        var listener: ProxySocket?
    }

    /// Holds one byte for each order, and one for the end.
    let readEnd: FileDescriptor
    private let writeEnd: FileDescriptor
    private let state: Mutex<State>

    init(_ listener: ProxySocket) throws {
        state = Mutex(State(listener: listener))
        (readEnd, writeEnd) = try FileDescriptor.pipe(options: .closeOnExec)
    }

    deinit {
        try? readEnd.close()
        try? writeEnd.close()
    }

    func takeListener() -> ProxySocket? { state.withLock { $0.listener.take() } }

    func order(_ order: Order) async -> Int {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.orders.append((order, continuation)) }
                return state.isOver
            }
            if isOver { continuation.resume(returning: 0) } else { wake() }
        }
    }

    func end() {
        state.withLock { $0.isOver = true }
        wake()
    }

    /// Nil when it is over.
    func takeOrders() -> [(Order, CheckedContinuation<Int, Never>)]? {
        let (orders, isOver) = state.withLock { state in
            defer { state.orders = [] }
            return (state.orders, state.isOver)
        }
        var bytes = [UInt8](repeating: 0, count: orders.count)
        _ = unsafe bytes.withUnsafeMutableBytes { unsafe try? readEnd.read(into: $0) }
        return isOver ? nil : orders
    }

    private func wake() { _ = try? writeEnd.writeAll([0]) }
}

/// The thread's side: all the sockets, and one `poll` over them.
private struct ProxyLoop {
    let control: ProxyControl
    var listener: ProxySocket?
    let port: UInt16
    let target: UInt16
    var mode = CuttingProxy.Mode.forwarding
    var connections: [ProxyConnection] = []

    mutating func run() {
        while let orders = control.takeOrders() {
            for (order, done) in orders { done.resume(returning: obey(order)) }
            forward()
        }
    }

    private mutating func obey(_ order: ProxyControl.Order) -> Int {
        switch order {
        case .mode(let mode):
            self.mode = mode
            listener = mode == .refusing ? nil : listener ?? ProxySocket.listening(on: port)
            return connections.count
        case .cut(let cut):
            if cut == .reset { connections.forEach { $0.resetOnClose() } }
            defer { connections = [] }
            return connections.count
        }
    }

    /// Waits for something to happen and does what follows from it.
    private mutating func forward() {
        var entries = [pollfd(fd: control.readEnd.rawValue, events: Int16(POLLIN), revents: 0)]
        entries.append(pollfd(fd: listener?.descriptor ?? -1, events: Int16(POLLIN), revents: 0))
        if mode != .stalling { for connection in connections { entries += connection.interests } }
        guard unsafe poll(&entries, nfds_t(entries.count), -1) > 0 else { return }
        if mode != .stalling {
            for (index, connection) in connections.enumerated()
            where entries[2 + 2 * index].revents != 0 || entries[3 + 2 * index].revents != 0 {
                connection.forward()
            }
            connections.removeAll(where: \.isOver)
        }
        guard entries[1].revents != 0, let listener, let client = listener.accept() else { return }
        guard let server = ProxySocket.connected(to: target) else { return client.resetOnClose() }
        connections.append(ProxyConnection(client: client, server: server))
    }
}

/// One client, its connection to the server, and what is on its way between them. Only the proxy's thread has it.
private final class ProxyConnection {
    private var toServer: ProxyPipe
    private var toClient: ProxyPipe
    private let client: ProxySocket
    private let server: ProxySocket

    init(client: ProxySocket, server: ProxySocket) {
        self.client = client
        self.server = server
        toServer = ProxyPipe(from: client, to: server)
        toClient = ProxyPipe(from: server, to: client)
    }

    /// One side is gone, and what it had said was passed on.
    var isOver: Bool { toServer.isOver || toClient.isOver }

    var interests: [pollfd] {
        [(client, toServer, toClient), (server, toClient, toServer)].map { socket, outgoing, incoming in
            let events = (outgoing.wantsToRead ? POLLIN : 0) | (incoming.wantsToWrite ? POLLOUT : 0)
            return pollfd(fd: socket.descriptor, events: Int16(events), revents: 0)
        }
    }

    func forward() {
        toServer.forward()
        toClient.forward()
    }

    func resetOnClose() {
        client.resetOnClose()
        server.resetOnClose()
    }
}

/// One direction of a connection: reads only when all it has read before was written.
private struct ProxyPipe {
    private let source: ProxySocket
    private let sink: ProxySocket
    private var bytes: [UInt8] = []
    private var written = 0
    private var hasEnded = false

    init(from source: ProxySocket, to sink: ProxySocket) {
        self.source = source
        self.sink = sink
    }

    var wantsToRead: Bool { !hasEnded && !wantsToWrite }
    var wantsToWrite: Bool { written < bytes.count }
    var isOver: Bool { hasEnded && !wantsToWrite }

    mutating func forward() {
        if wantsToRead {
            switch source.receive() {
            case .bytes(let received): (bytes, written) = (received, 0)
            case .notNow: break
            case .ended: hasEnded = true
            }
        }
        guard wantsToWrite else { return }
        guard let count = sink.send(bytes[written...]) else {
            (bytes, hasEnded) = ([], true)
            return
        }
        written += count
    }
}

/// Owns one socket, which never blocks.
private final class ProxySocket: Sendable {
    let descriptor: CInt

    private init(owning descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    enum Received {
        case bytes([UInt8])
        case notNow
        case ended
    }

    private static func make() -> ProxySocket? {
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, type, 0)
        return descriptor >= 0 ? ProxySocket(owning: descriptor) : nil
    }

    /// - Returns: nil where the port is taken.
    static func listening(on port: UInt16) -> ProxySocket? {
        guard let socket = make() else { return nil }
        socket.set(SO_REUSEADDR, to: CInt(1))
        guard unsafe socket.withAddress(port, { unsafe bind($0, $1, $2) }) == 0, listen(socket.descriptor, 128) == 0
        else {
            return nil
        }
        return socket
    }

    /// Begins to connect. On the loopback a refusal comes at once or with the first read.
    static func connected(to port: UInt16) -> ProxySocket? {
        guard let socket = make() else { return nil }
        let isConnected = unsafe socket.withAddress(port) { unsafe connect($0, $1, $2) } == 0 || errno == EINPROGRESS
        guard isConnected else { return nil }
        var one: CInt = 1
        _ = unsafe setsockopt(
            socket.descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        return socket
    }

    func accept() -> ProxySocket? {
        let accepted = Foundation.accept(descriptor, nil, nil)
        guard accepted >= 0 else { return nil }
        _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
        _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
        return ProxySocket(owning: accepted)
    }

    func receive() -> Received {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 { return .bytes(Array(buffer.prefix(count))) }
        return count < 0 && [EAGAIN, EINTR, EINPROGRESS].contains(errno) ? .notNow : .ended
    }

    /// - Returns: how many bytes were taken, nil where the other side is gone.
    func send(_ bytes: ArraySlice<UInt8>) -> Int? {
        let count = unsafe bytes.withUnsafeBytes {
            unsafe Foundation.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        if count >= 0 { return count }
        return [EAGAIN, EINTR, EINPROGRESS].contains(errno) ? 0 : nil
    }

    /// Closing it will send an RST and drop what was not sent yet (socket(7), SO_LINGER).
    func resetOnClose() { set(SO_LINGER, to: linger(l_onoff: 1, l_linger: 0)) }

    private func set<Value: BitwiseCopyable>(_ option: CInt, to value: Value) {
        var value = value
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<Value>.size))
    }

    private func withAddress(_ port: UInt16, _ body: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        let address = sockaddr_in(
            sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
            sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
        return unsafe withUnsafePointer(to: address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe body(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
