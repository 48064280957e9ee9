import Glibc

/// TCP ports on 127.0.0.1.
package enum LoopbackPort {
    /// A port nothing listens on now.
    package static func free() throws -> UInt16 {
        let (socket, port) = try bound()
        close(socket)
        return port
    }

    /// A socket that listens on a port of its own; the caller closes it.
    package static func listen() throws -> (socket: Int32, port: UInt16) {
        let (socket, port) = try bound()
        guard Glibc.listen(socket, 64) == 0 else { throw TestTools.Failure("cannot listen: error \(errno)") }
        return (socket, port)
    }

    private static func bound() throws -> (socket: Int32, port: UInt16) {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(socket, pointer, length) == 0 && getsockname(socket, pointer, &length) == 0
            }
        }
        guard result else {
            close(socket)
            throw TestTools.Failure("no free port on 127.0.0.1: error \(errno)")
        }
        return (socket, UInt16(bigEndian: address.sin_port))
    }

    /// Something accepts connections on the port.
    static func accepts(_ port: UInt16) -> Bool {
        guard let socket = connected(to: port) else { return false }
        close(socket)
        return true
    }

    /// A connection to the port, which the caller closes; nil where nothing accepts it.
    static func connected(to port: UInt16) -> Int32? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = address(port: port)
        let isConnected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe connect(socket, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected { return socket }
        close(socket)
        return nil
    }

    private static func address(port: UInt16) -> sockaddr_in {
        sockaddr_in(
            sin_family: sa_family_t(AF_INET), sin_port: port.bigEndian,
            sin_addr: in_addr(s_addr: UInt32(0x7F00_0001).bigEndian), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
    }
}
