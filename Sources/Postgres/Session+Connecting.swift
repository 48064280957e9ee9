import CPostgres

extension Session {
    /// libpq's own default is to wait as long as the kernel does, which is minutes.
    private static let defaultConnectTimeout = Duration.seconds(10)

    /// Drives libpq's connection attempt to its end.
    func connect(within configured: Duration?, _ cancellation: Cancellation) throws(PostgresError) {
        let timeout = configured ?? optionTimeout()
        let deadline = timeout.map { ContinuousClock.now + $0 }
        // Before its first call PQconnectPoll wants to be taken for having answered "writing" (section 34.1).
        var step = PGRES_POLLING_WRITING
        while step != PGRES_POLLING_OK {
            guard !handle.isBroken, step != PGRES_POLLING_FAILED else { throw refusal() }
            let interest = SocketInterest(
                socket: handle.socket, reading: step == PGRES_POLLING_READING, writing: step == PGRES_POLLING_WRITING)
            let readiness = thread.wait(for: interest, until: deadline)
            if cancellation.isRequested { throw PostgresError(.cancelled, "the connection attempt was cancelled") }
            if readiness.isDisjoint(with: [.readable, .writable]) {
                if let deadline, let timeout, deadline <= .now { throw tooLate(timeout) }
                continue
            }
            step = handle.pollConnect()
        }
        guard handle.becomeNonblocking() else { throw refusal() }
    }

    private func optionTimeout() -> Duration? {
        guard let seconds = handle.option("connect_timeout").flatMap({ Int($0) }) else {
            return Self.defaultConnectTimeout
        }
        // Zero and less mean no limit (section 34.1.2, connect_timeout).
        return seconds > 0 ? .seconds(seconds) : nil
    }

    private func tooLate(_ timeout: Duration) -> PostgresError {
        PostgresError(
            .connectionFailed,
            "connection to server at \"\(handle.host)\", port \(handle.port) failed: no answer within \(timeout); "
                + "check the address, the firewall and connect_timeout")
    }

    /// libpq's message, with the SQLSTATE taken out of its verbose form: "FATAL:  28P01: password …".
    private func refusal() -> PostgresError {
        let text = handle.errorMessage.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") }
            .joined(separator: "\n")
        var state: SQLState?
        let message = text.replacing(/: +(?=[A-Z]*[0-9])([0-9A-Z]{5}):\s/) { match in
            state = SQLState(rawValue: String(match.1))
            return ": "
        }
        return PostgresError(
            .connectionFailed, message.isEmpty ? "the connection attempt failed" : message, sqlState: state)
    }
}
