import CUnixSocket
import SystemPackage

#if canImport(Glibc)
    import Glibc
#endif

/// sendmsg(2) and recvmsg(2) with file descriptors (unix(7), SCM_RIGHTS): the one place that lays out control messages.
enum SocketMessage {
    /// Sends as many of `bytes` as the socket takes without blocking, with descriptors beside the first of them.
    ///
    /// - Returns: how many bytes went out, at least 1.
    /// - Throws: `.wouldBlock` when the socket's buffer is full, `.brokenPipe` when the peer is gone.
    static func send(
        _ bytes: ArraySlice<UInt8>, descriptors: [FileDescriptor], on socket: FileDescriptor
    ) throws(Errno) -> Int {
        let rights = descriptors.map(\.rawValue)
        let sent = unsafe bytes.withUnsafeBytes { (buffer) -> Result<Int, Errno> in
            unsafe withMessage(controlFor: rights.count) { message in
                var part = unsafe iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: buffer.baseAddress), iov_len: buffer.count)
                return unsafe withUnsafeMutablePointer(to: &part) { part in
                    unsafe message.msg_iov = part
                    unsafe message.msg_iovlen = 1
                    unsafe store(rights, in: &message)
                    // No SIGPIPE when the peer is gone: that is an error to report, not a reason to die.
                    let flags = CInt(MSG_NOSIGNAL | MSG_DONTWAIT)
                    let count = unsafe sendmsg(socket.rawValue, &message, flags)
                    return count < 0 ? .failure(Errno(rawValue: errno)) : .success(count)
                }
            }
        }
        return try sent.get()
    }

    /// Receives what is there, at most `count` bytes, without blocking. No bytes means the end of the stream.
    ///
    /// - Parameter maximumDescriptors: Descriptors beyond these, or that this process has no room for, are discarded.
    /// - Throws: `.wouldBlock` when nothing is there.
    static func receive(
        upTo count: Int, maximumDescriptors: Int, on socket: FileDescriptor
    ) throws(Errno) -> (bytes: [UInt8], descriptors: [FileDescriptor]) {
        var outcome: Result<[FileDescriptor], Errno> = .success([])
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, received in
            unsafe withMessage(controlFor: maximumDescriptors) { message in
                var part = unsafe iovec(iov_base: UnsafeMutableRawPointer(buffer.baseAddress), iov_len: count)
                unsafe withUnsafeMutablePointer(to: &part) { part in
                    unsafe message.msg_iov = part
                    unsafe message.msg_iovlen = 1
                    let flags = CInt(MSG_CMSG_CLOEXEC | MSG_DONTWAIT)
                    let result = unsafe recvmsg(socket.rawValue, &message, flags)
                    guard result >= 0 else {
                        outcome = .failure(Errno(rawValue: errno))
                        return
                    }
                    received = result
                    outcome = unsafe .success(descriptors(in: &message))
                }
            }
        }
        return (bytes, try outcome.get())
    }

    /// A message header with room for so many descriptors. With none there is no control buffer, and the kernel
    /// discards descriptors that arrive.
    private static func withMessage<Result>(controlFor count: Int, _ body: (inout msghdr) -> Result) -> Result {
        var message = unsafe msghdr()
        guard count > 0 else { return unsafe body(&message) }
        let size = control_message_space(count * MemoryLayout<CInt>.size)
        return unsafe withUnsafeTemporaryAllocation(
            byteCount: size, alignment: MemoryLayout<cmsghdr>.alignment
        ) { control in
            // CMSG_NXTHDR reads the next header's length, so the room must not hold chance bytes.
            unsafe control.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe message.msg_control = control.baseAddress
            unsafe message.msg_controllen = size
            return unsafe body(&message)
        }
    }

    private static func store(_ rights: [CInt], in message: inout msghdr) {
        guard !rights.isEmpty, let header = unsafe control_message_first(&message) else { return }
        let size = rights.count * MemoryLayout<CInt>.size
        unsafe header.pointee.cmsg_level = SOL_SOCKET
        unsafe header.pointee.cmsg_type = CInt(SCM_RIGHTS)
        unsafe header.pointee.cmsg_len = control_message_length(size)
        let room = unsafe UnsafeMutableRawBufferPointer(start: control_message_data(header), count: size)
        unsafe rights.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
    }

    private static func descriptors(in message: inout msghdr) -> [FileDescriptor] {
        var found: [FileDescriptor] = []
        var next = unsafe control_message_first(&message)
        while let header = unsafe next {
            if unsafe header.pointee.cmsg_level == SOL_SOCKET,
                unsafe header.pointee.cmsg_type == CInt(SCM_RIGHTS)
            {
                let size = unsafe header.pointee.cmsg_len - control_message_length(0)
                let data = unsafe UnsafeRawBufferPointer(start: control_message_data(header), count: size)
                for offset in stride(from: 0, to: size, by: MemoryLayout<CInt>.stride) {
                    found.append(
                        FileDescriptor(rawValue: unsafe data.loadUnaligned(fromByteOffset: offset, as: CInt.self)))
                }
            }
            unsafe next = control_message_next(&message, header)
        }
        return found
    }
}
