import CCurl
import Glibc
import SystemPackage

/// One exchange: a request on its way, and the response as far as it has come.
///
/// `@unchecked Sendable`: the task that makes it hands it to the loop once, under the mailbox's lock; from then on
/// only the loop's thread touches it, in the loop's calls and in libcurl's callbacks. The cancellation flag alone is
/// shared.
final class CurlTransfer: @unchecked Sendable {
    typealias Outcome = Result<HTTPResponse, ExchangeError>

    let request: HTTPRequest
    let cancellation: CancellationFlag
    private let continuation: CheckedContinuation<Outcome, Never>
    private var easy: CurlEasy?
    private var head = ResponseHead()
    private var body: [UInt8] = []
    private var reader: ContentReader?
    private var writer: ContentWriter?
    private var watch: StallWatch
    /// Why a callback ended the transfer.
    private var ownFailure: ExchangeError?

    init(_ request: HTTPRequest, cancellation: CancellationFlag, continuation: CheckedContinuation<Outcome, Never>) {
        self.request = request
        self.cancellation = cancellation
        self.continuation = continuation
        reader = request.content.map { ContentReader($0, takesMD5: request.takesMD5) }
        writer = request.sink.map { ContentWriter($0, takesMD5: request.takesMD5) }
        watch = StallWatch(timeouts: request.timeouts, now: .now)
    }
}

// MARK: - The loop's side

extension CurlTransfer {
    /// Adds itself to the loop's handle.
    ///
    /// - Returns: What libcurl names it by, until `end` or `cancel`; nil when it has ended already.
    func start(in multi: CurlMulti) -> CurlEasy.ID? {
        watch = StallWatch(timeouts: request.timeouts, now: .now)
        guard var easy = CurlEasy() else {
            resume(with: .failure(.transport(TransportError(kind: .library, detail: "out of memory"))))
            return nil
        }
        easy.prepare(for: request)
        // Unretained: the loop holds the transfer until libcurl has let go of it.
        let state = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe easy.setCallbacks(
            state: state, read: readContent, seek: seekContent, write: writeContent, header: receiveHeader,
            progress: watchProgress)
        let problem = easy.problem ?? (multi.add(easy) ? nil : "out of memory")
        if let problem {
            resume(with: .failure(.transport(TransportError(kind: .library, detail: problem))))
            return nil
        }
        let id = easy.id
        self.easy = consume easy
        return id
    }

    /// Takes itself out of the loop's handle and answers whoever waits.
    func end(_ code: CURLcode, in multi: CurlMulti) {
        guard let easy = easy.take() else { return }
        let explanation = easy.explanation(of: code)
        multi.remove(easy)
        _ = consume easy
        resume(with: outcome(code, explanation))
    }

    /// Ends at once, wherever it is.
    func cancel(in multi: CurlMulti) {
        if let easy = easy.take() { multi.remove(easy) }
        resume(with: .failure(.local(.cancelled)))
    }

    private func outcome(_ code: CURLcode, _ explanation: String) -> Outcome {
        if let ownFailure { return .failure(ownFailure) }
        // A store that refuses an upload answers early and may close before we have stopped sending.
        let isRefusal = request.content != nil && head.status >= 300
        guard code == CURLE_OK || isRefusal else {
            return .failure(.transport(TransportError(code, explanation)))
        }
        guard head.isComplete else {
            return .failure(.transport(TransportError(kind: .broken, detail: "the answer ended within its header")))
        }
        let content = reader?.transferred ?? (head.status == 200 ? writer?.transferred : nil)
        return .success(HTTPResponse(status: head.status, headers: head.headers, body: body, content: content))
    }

    private func resume(with outcome: Outcome) {
        continuation.resume(returning: outcome)
    }
}

// MARK: - libcurl's side

extension CurlTransfer {
    /// Bytes for the request, or what makes libcurl give up.
    fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        do {
            return try unsafe reader?.read(into: buffer) ?? 0
        } catch {
            ownFailure = .local(error)
            return Int(CURL_READFUNC_ABORT)
        }
    }

    /// libcurl sends again when a reused connection turns out to be dead: always from the start.
    fileprivate func seek(to offset: Int64) -> Int32 {
        guard offset == 0 else { return CURL_SEEKFUNC_FAIL }
        reader?.rewind()
        return CURL_SEEKFUNC_OK
    }

    /// - Returns: True while libcurl is to go on.
    fileprivate func write(_ content: UnsafeRawBufferPointer) -> Bool {
        guard head.status == 200, writer != nil else {
            guard body.count + content.count <= HTTPResponse.maximumBody else {
                return fail(.malformed, "the answer is longer than \(HTTPResponse.maximumBody) bytes")
            }
            unsafe body.append(contentsOf: content)
            return true
        }
        if writer?.exceedsLimit(with: content.count) == true {
            return fail(.tooLarge, "the content is longer than the \(request.sink?.maximumBytes ?? 0) bytes allowed")
        }
        do {
            try unsafe writer?.write(content)
            return true
        } catch {
            ownFailure = .local(error)
            return false
        }
    }

    fileprivate func receive(headerLine: String) -> Bool {
        head.receive(headerLine) || fail(.malformed, "the answer's header is not HTTP, or too large")
    }

    fileprivate func moved(received: Int64, sent: Int64) -> Bool {
        if sent > 0 { request.progress?(sent) }
        let isSent = reader.map { sent == $0.content.count } ?? true
        let limit = watch.stalled(
            moved: received + sent, isWaiting: isSent && (head.status < 200 || writer == nil), now: .now)
        guard let limit else { return true }
        return fail(.stalled, isSent ? "no answer came within \(limit)" : "nothing moved for \(limit)")
    }

    private func fail(_ kind: TransportError.Kind, _ detail: String) -> Bool {
        ownFailure = .transport(TransportError(kind: kind, detail: detail))
        return false
    }
}

/// The transfer behind a callback's last argument.
private func transfer(_ state: UnsafeMutableRawPointer?) -> CurlTransfer? {
    unsafe state.map { unsafe Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func readContent(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ state: UnsafeMutableRawPointer?
) -> Int {
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer, count: size * count)
    return unsafe transfer(state)?.read(into: bytes) ?? Int(CURL_READFUNC_ABORT)
}

private func seekContent(_ state: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
    guard origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
    return unsafe transfer(state)?.seek(to: Int64(offset)) ?? CURL_SEEKFUNC_FAIL
}

private func writeContent(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ state: UnsafeMutableRawPointer?
) -> Int {
    let bytes = unsafe UnsafeRawBufferPointer(start: buffer, count: size * count)
    return unsafe transfer(state)?.write(bytes) == true ? size * count : -1
}

private func receiveHeader(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ state: UnsafeMutableRawPointer?
) -> Int {
    let line = unsafe String(decoding: UnsafeRawBufferPointer(start: buffer, count: size * count), as: UTF8.self)
    return unsafe transfer(state)?.receive(headerLine: line) == true ? size * count : -1
}

private func watchProgress(
    _ state: UnsafeMutableRawPointer?, _ downloadTotal: curl_off_t, _ downloaded: curl_off_t,
    _ uploadTotal: curl_off_t, _ uploaded: curl_off_t
) -> Int32 {
    unsafe transfer(state)?.moved(received: Int64(downloaded), sent: Int64(uploaded)) == true ? 0 : 1
}
