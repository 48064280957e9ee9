import Foundation
import Glibc
import Synchronization
import TestSupport

@testable import ObjectStorage

/// An HTTP server that answers each request with the next line of a script, to make the faults no real server makes
/// on demand. It speaks to one connection at a time.
final class ScriptedServer: Sendable {
    /// What happens to one request.
    enum Step: Sendable {
        /// Reads the whole request, sends these bytes.
        case answer(String)
        /// Reads the whole request and answers a PUT as a store does, with the MD5 given in place of the content's.
        case answerWithETag(String)
        /// Reads the request's header and closes the connection with a reset.
        case reset
        /// Reads the request's header and never answers; the connection stays open.
        case silence
        /// Sends the answer at once, without reading the content, and closes.
        case refuseEarly(String)
    }

    private struct State {
        var script: [Step]
        var requests: [String] = []
        var silent: [Int32] = []
    }

    let port: UInt16
    var endpoint: String { "http://127.0.0.1:\(port)" }
    private let listener: Int32
    private let state: Mutex<State>

    /// The headers of the requests that came.
    var requests: [String] { state.withLock(\.requests) }

    init(_ script: [Step]) throws {
        (listener, port) = try LoopbackPort.listen()
        state = Mutex(State(script: script))
        let thread = Thread { [listener, weak self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0, let self else { return }
                serve(connection)
            }
        }
        thread.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for connection in state.withLock(\.silent) { close(connection) }
    }

    private func serve(_ connection: Int32) {
        while let header = readHeader(connection) {
            let step = state.withLock { state in
                state.requests.append(header)
                return state.script.isEmpty ? nil : state.script.removeFirst()
            }
            switch step {
            case .answer(let text):
                readContent(connection, header)
                write(connection, text)
            case .answerWithETag(let tag):
                readContent(connection, header)
                write(connection, "HTTP/1.1 200 OK\r\nETag: \"\(tag)\"\r\nContent-Length: 0\r\n\r\n")
            case .refuseEarly(let text):
                write(connection, text)
                close(connection)
                return
            case .silence:
                state.withLock { $0.silent.append(connection) }
                return
            case .reset, nil:
                var linger = linger(l_onoff: 1, l_linger: 0)
                unsafe setsockopt(
                    connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
                close(connection)
                return
            }
        }
        close(connection)
    }

    private func readHeader(_ connection: Int32) -> String? {
        var header: [UInt8] = []
        var byte: UInt8 = 0
        while !header.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard unsafe read(connection, &byte, 1) == 1 else { return nil }
            header.append(byte)
        }
        return String(decoding: header, as: UTF8.self)
    }

    private func readContent(_ connection: Int32, _ header: String) {
        let line = header.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        var left = line.flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) } ?? 0
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while left > 0 {
            let count = unsafe read(connection, &buffer, min(left, buffer.count))
            guard count > 0 else { return }
            left -= count
        }
    }

    private func write(_ connection: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}

extension ScriptedServer {
    /// A response with a body.
    static func response(_ status: String, _ headers: [String] = [], body: String = "") -> String {
        (["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers + ["", body]).joined(separator: "\r\n")
    }

    /// An S3 error.
    static func error(_ status: String, _ code: String, _ headers: [String] = []) -> String {
        response(
            status, headers + ["Content-Type: application/xml"],
            body: """
                <?xml version="1.0" encoding="UTF-8"?>
                <Error><Code>\(code)</Code><Message>said &quot;no&quot;</Message><RequestId>R-1</RequestId></Error>
                """)
    }

    /// A store on this server.
    func store(
        retries: RetryPolicy = RetryPolicy(tries: 1), timeouts: HTTPTimeouts = .patient,
        comparesETags: Bool = true
    ) throws -> S3ObjectStore {
        try S3ObjectStore(
            S3Configuration(
                bucket: "b-1", endpoint: endpoint,
                credentials: S3Credentials(accessKeyID: "AKID", secretAccessKey: "top-secret", sessionToken: "tok-en"),
                timeouts: timeouts, comparesETags: comparesETags), retries: retries)
    }
}

extension HTTPTimeouts {
    /// For tests of anything but time: a busy machine may let a server wait for long.
    static let patient = HTTPTimeouts(connect: .seconds(120), stall: .seconds(120), answer: .seconds(120))
}
