/// How long to wait for what.
package struct HTTPTimeouts: Sendable, Hashable {
    /// For name resolution, the TCP connection and the TLS handshake together.
    package var connect: Duration
    /// A transfer that moves fewer than 16 KiB in this time is given up. S3 gives up on us after 20 s.
    package var stall: Duration
    /// For the answer once a request is sent completely: a store may write a large object to its disks first.
    package var answer: Duration

    package init(
        connect: Duration = .seconds(10), stall: Duration = .seconds(15), answer: Duration = .seconds(60)
    ) {
        self.connect = connect
        self.stall = stall
        self.answer = answer
    }
}
