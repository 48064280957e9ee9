import CPostgres

/// Owns one `PGconn`. Used on its connection's thread only.
@safe
struct ConnectionHandle: ~Copyable {
    /// Nil after ``finish()``; libpq's functions then answer as for a broken connection.
    private var pointer: OpaquePointer?

    /// Begins to connect without waiting.
    init(connectingWith keywords: [(keyword: String, value: String)]) {
        unsafe pointer = withCStrings(keywords.map(\.keyword)) { names in
            unsafe withCStrings(keywords.map(\.value)) { values in unsafe PQconnectStartParams(names, values, 1) }
        }
        // Verbose until connected: the only way libpq tells the SQLSTATE of a refused connection.
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
    }

    deinit { unsafe PQfinish(pointer) }

    /// Says goodbye to the server and frees the connection. Harmless when done twice.
    mutating func finish() {
        unsafe PQfinish(pointer)
        unsafe pointer = nil
    }

    var isConnected: Bool { unsafe PQstatus(pointer) == CONNECTION_OK }
    var isBroken: Bool { unsafe PQstatus(pointer) == CONNECTION_BAD }
    var socket: Int32 { unsafe PQsocket(pointer) }
    var transactionStatus: PGTransactionStatusType { unsafe PQtransactionStatus(pointer) }
    var errorMessage: String { unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? "out of memory" }
    var host: String { unsafe PQhost(pointer).map { unsafe String(cString: $0) } ?? "" }
    var port: String { unsafe PQport(pointer).map { unsafe String(cString: $0) } ?? "" }
    var processID: Int32 { unsafe PQbackendPID(pointer) }

    mutating func pollConnect() -> PostgresPollingStatusType { unsafe PQconnectPoll(pointer) }

    /// Switches to the mode of operation: nothing blocks, errors are terse.
    mutating func becomeNonblocking() -> Bool {
        unsafe PQsetErrorVerbosity(pointer, PQERRORS_DEFAULT)
        return unsafe PQsetnonblocking(pointer, 1) == 0
    }

    /// The value in effect of one option, defaults and environment included.
    func option(_ keyword: String) -> String? {
        guard let options = unsafe PQconninfo(pointer) else { return nil }
        defer { unsafe PQconninfoFree(options) }
        return unsafe ConnectionOptions.pairs(options).first { $0.key == keyword }?.value
    }

    /// A setting the server reports by itself: DateStyle, IntervalStyle, server_version …
    func parameterStatus(_ name: String) -> String? {
        unsafe PQparameterStatus(pointer, name).map { unsafe String(cString: $0) }
    }

    /// Sends the server's notices to `log`, which must outlive the connection.
    mutating func setNoticeReceiver(_ log: NoticeLog) {
        let context = unsafe Unmanaged.passUnretained(log).toOpaque()
        unsafe PQsetNoticeReceiver(
            pointer,
            { context, result in
                guard let context = unsafe context, let result = unsafe result else { return }
                unsafe Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().receive(result)
            }, context)
    }

    mutating func send(_ statement: RenderedSQL) -> Bool {
        unsafe withCStrings(statement.values) { values in
            unsafe statement.types.withUnsafeBufferPointer { types in
                unsafe PQsendQueryParams(
                    pointer, statement.text, Int32(types.count), types.baseAddress, values, nil, nil, 0) == 1
            }
        }
    }

    /// Has the server parse a statement and keep it under a name.
    mutating func sendPrepare(_ statement: RenderedSQL, as name: String) -> Bool {
        unsafe statement.types.withUnsafeBufferPointer { types in
            unsafe PQsendPrepare(pointer, name, statement.text, Int32(types.count), types.baseAddress) == 1
        }
    }

    /// Runs a statement that the server keeps.
    mutating func send(preparedAs name: String, _ values: [String?]) -> Bool {
        unsafe withCStrings(values) { texts in
            unsafe PQsendQueryPrepared(pointer, name, Int32(values.count), texts, nil, nil, 0) == 1
        }
    }

    /// Several statements by the simple protocol.
    mutating func send(script: String) -> Bool { unsafe PQsendQuery(pointer, script) == 1 }

    /// - Returns: 0 when all is sent, 1 when the socket takes no more for now, −1 on failure.
    mutating func flush() -> Int32 { unsafe PQflush(pointer) }

    /// Reads what has arrived. False when the connection broke.
    mutating func consumeInput() -> Bool { unsafe PQconsumeInput(pointer) == 1 }

    /// The next result has not arrived in full.
    var isBusy: Bool { unsafe PQisBusy(pointer) == 1 }

    /// The next result of the statement, nil after the last.
    mutating func nextResult() -> ResultHandle? {
        guard let result = unsafe PQgetResult(pointer) else { return nil }
        return unsafe ResultHandle(owning: result)
    }

    /// The next notification among those that have arrived.
    mutating func nextNotification() -> PostgresNotification? {
        guard let notification = unsafe PQnotifies(pointer) else { return nil }
        defer { unsafe PQfreemem(notification) }
        return unsafe PostgresNotification(
            channel: String(cString: notification.pointee.relname),
            payload: String(cString: notification.pointee.extra), processID: notification.pointee.be_pid)
    }

    /// What another thread needs to stop the statement under way.
    func cancelHandle() -> CancelHandle? {
        guard let cancel = unsafe PQgetCancel(pointer) else { return nil }
        return unsafe CancelHandle(owning: cancel)
    }
}

/// Owns one `PGcancel`.
@safe
struct CancelHandle: ~Copyable, @unchecked Sendable {
    // Sendable because PQcancel only reads the structure and may be called from any thread (section 34.7).
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQfreeCancel(pointer) }

    /// Asks the server to stop the statement, over a connection of its own; blocks until the server took the request.
    /// True when it did. When it returns the signal is on its way to the server process, so a statement sent
    /// afterwards is not hit by it.
    func send() -> Bool {
        var message = [CChar](repeating: 0, count: 256)
        return unsafe message.withUnsafeMutableBufferPointer { buffer in
            unsafe PQcancel(pointer, buffer.baseAddress, Int32(buffer.count)) == 1
        }
    }
}

/// Lends an array of C strings, nil for nil, with a NULL after the last. The strings live as long as `body` runs.
private func withCStrings<R>(
    _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R
) -> R {
    var bytes: [UInt8] = []
    var offsets: [Int?] = []
    offsets.reserveCapacity(strings.count)
    for string in strings {
        offsets.append(string == nil ? nil : bytes.count)
        guard let string else { continue }
        bytes.append(contentsOf: string.utf8)
        bytes.append(0)
    }
    return unsafe bytes.withUnsafeBytes { bytes in
        // A CChar and a byte have the same layout, and the bytes are read as nothing else.
        let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let pointers = unsafe offsets.map { offset in unsafe offset.flatMap { unsafe start?.advanced(by: $0) } }
        return unsafe (pointers + [nil]).withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}
