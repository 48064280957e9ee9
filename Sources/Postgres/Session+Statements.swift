import CPostgres
import Logging

extension Session {
    /// Runs one statement and waits for its result.
    /// - Parameter cancellation: nil for what must not be stopped half-way: COMMIT, ROLLBACK.
    func run(_ sql: SQL, _ cancellation: Cancellation?) throws(PostgresError) -> PostgresRows {
        let statement = try RenderedSQL(sql)
        guard sql.preparedText != nil, try isDirect(cancellation) else {
            return try exchange(cancellation) { $0.send(statement) }
        }
        do {
            let name = try prepare(statement, cancellation)
            return try exchange(cancellation) { $0.send(preparedAs: name, statement.values) }
        } catch {
            // The plan was made for a table that has been altered since. Refused before anything was done.
            // Or the server does not know the statement: somebody discarded it.
            guard [.featureNotSupported, .unknownStatement].contains(error.sqlState), !status.isInTransaction else {
                throw error
            }
            prepared = [:]
            return try exchange(cancellation) { $0.send(statement) }
        }
    }

    /// The name under which the server keeps a statement.
    private func prepare(_ statement: RenderedSQL, _ cancellation: Cancellation?) throws(PostgresError) -> String {
        if let name = prepared[statement.text] { return name }
        preparedCount += 1
        let name = "lathe_\(preparedCount)"
        _ = try exchange(cancellation) { $0.sendPrepare(statement, as: name) }
        prepared[statement.text] = name
        return name
    }

    /// The server process at the other end is this connection's own: no pooler stands between, which has a key of its
    /// own in the place of the process's number, and may change the process from one transaction to the next.
    func isDirect(_ cancellation: Cancellation?) throws(PostgresError) -> Bool {
        if let known = knownToBeDirect { return known }
        let pid: Int32 = try exchange(cancellation) { $0.send(script: "SELECT pg_backend_pid()") }.single().decode(0)
        knownToBeDirect = pid == handle.processID
        return pid == handle.processID
    }

    /// Runs several statements; as one transaction, unless the script says BEGIN and COMMIT itself.
    func run(script: String, _ cancellation: Cancellation?) throws(PostgresError) {
        guard !script.containsNUL else {
            throw PostgresError(.encoding, "the script contains a NUL character, which Postgres does not accept")
        }
        _ = try exchange(cancellation) { $0.send(script: script) }
    }

    private func exchange(
        _ cancellation: Cancellation?, _ send: (inout ConnectionHandle) -> Bool
    ) throws(PostgresError) -> PostgresRows {
        try drain()
        if cancellation?.isRequested == true { throw .cancelled }
        guard send(&handle) else { throw lose(handle.errorMessage) }
        var wait = StatementWait(cancellation: cancellation)
        defer {
            if status.isAlive {
                deliverNotifications()
                status.update(isAlive: true, isInTransaction: handle.transactionStatus != PQTRANS_IDLE)
            }
        }
        let outcome = Result { () throws(PostgresError) in
            try flush(&wait)
            return try receive(&wait)
        }
        settle(wait)
        do {
            return try outcome.get()
        } catch {
            throw wait.request != nil && error.sqlState == .queryCanceled ? .cancelled : error
        }
    }

    private func flush(_ wait: inout StatementWait) throws(PostgresError) {
        while true {
            switch handle.flush() {
            case 0: return
            case 1: try waitForSocket(writing: true, &wait)
            default: throw lose(handle.errorMessage)
            }
        }
    }

    /// Reads all results of the statement and returns the last; of several errors the first is thrown.
    private func receive(_ wait: inout StatementWait) throws(PostgresError) -> PostgresRows {
        var rows: PostgresRows?
        var failure: PostgresError?
        while true {
            do throws(PostgresError) {
                while handle.isBusy { try waitForSocket(writing: false, &wait) }
            } catch {
                throw failure ?? error
            }
            guard let result = handle.nextResult() else { break }
            switch result.status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                rows = PostgresRows(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                close()
                throw PostgresError(.encoding, "COPY to or from the client is not supported; use INSERT or SELECT")
            default:
                failure = failure ?? namingServer(in: result.error)
            }
        }
        if handle.isBroken { close() }
        if let failure { throw failure }
        guard let rows else { throw lose("the server ended the statement without a result") }
        return rows
    }

    /// Waits until the socket moves, and passes a cancellation on to the server meanwhile.
    private func waitForSocket(writing: Bool, _ wait: inout StatementWait) throws(PostgresError) {
        if wait.request == nil, wait.cancellation?.isRequested == true {
            wait.request = CancelRequest.send(handle.cancelHandle(), waking: thread)
            if wait.request == nil { throw abandon() }
        }
        let interest = SocketInterest(socket: handle.socket, reading: true, writing: writing)
        let readiness = thread.wait(for: interest, until: wait.request?.deadline)
        if readiness.contains(.readable) {
            guard handle.consumeInput() else { throw lose(handle.errorMessage) }
        } else if let request = wait.request, request.deadline <= .now {
            throw abandon()
        }
    }

    /// A cancel request still under way could stop the next statement instead: none is sent before it ended.
    private func settle(_ wait: StatementWait) {
        guard let request = wait.request else { return }
        while status.isAlive, !request.isFinished {
            if request.deadline <= .now { close() }
            _ = thread.wait(for: SocketInterest(socket: -1), until: request.deadline)
        }
    }

    private func abandon() -> PostgresError {
        logger.debug("the server did not confirm a cancellation in time; the connection was dropped")
        close()
        return .cancelled
    }
}

/// What is known while a statement runs.
private struct StatementWait {
    let cancellation: Cancellation?
    /// Set once the server was asked to stop.
    var request: CancelRequest?
}
