import Foundation
import Glibc
import Synchronization

/// Stands between a client and a real S3 server on 127.0.0.1, forwards what the client asks, and does to some requests
/// what no real server does on demand.
///
/// A connection has a thread of its own, and each request a connection of its own to the server, so that the server's
/// answer ends where that does.
package final class FaultProxy: Sendable {
    /// What happens to a request.
    package enum Fault: Sendable {
        /// It goes no further: its content is read, and this is the answer.
        case answer(String)
        /// It goes no further: the connection is reset after so many bytes of its content.
        case reset(after: Int)
        /// It goes no further, and there is never an answer.
        case stall
        /// A byte of its content changes on the way.
        case damageContent
        /// The server's answer never comes: the connection is reset in its place.
        case loseAnswer
        /// Only so many bytes of the answer come, and then the connection ends.
        case cutAnswer(to: Int)
        /// A text in the answer is another.
        case replace(String, with: String)
    }

    /// A request as it came.
    package struct Request: Sendable {
        package let method: String
        /// Path and query, percent-encoded.
        package let target: String
        package let header: String
        let contentLength: Int

        package func has(_ field: String) -> Bool {
            header.lowercased().contains("\r\n\(field.lowercased()):")
        }
    }

    private struct State {
        var requests: [Request] = []
        var contentBytes = 0
        var stalled: [Int32] = []
    }

    private let port: UInt16
    private let listener: Int32
    private let state = Mutex(State())
    private let fault: @Sendable (Request) -> Fault?

    package var endpoint: String { "http://127.0.0.1:\(port)" }
    /// All that came, in order.
    package var requests: [Request] { state.withLock(\.requests) }
    /// Bytes of content that came in all.
    package var contentBytes: Int { state.withLock(\.contentBytes) }

    /// - Parameters:
    ///   - server: The server's port on 127.0.0.1.
    ///   - fault: Asked once a request, from several threads at once; nil forwards it as it is.
    package init(to server: UInt16, fault: @escaping @Sendable (Request) -> Fault?) throws {
        (listener, port) = try LoopbackPort.listen()
        self.fault = fault
        Thread.detachNewThread { [listener, weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                guard let self else {
                    close(client)
                    return
                }
                Thread.detachNewThread { self.serve(client, server) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        for client in state.withLock(\.stalled) { close(client) }
    }

    private func serve(_ client: Int32, _ server: UInt16) {
        while let request = readRequest(client) {
            guard answer(request, client, server) else { return }
        }
        close(client)
    }

    /// - Returns: Whether the connection is still open.
    private func answer(_ request: Request, _ client: Int32, _ server: UInt16) -> Bool {
        let fault = fault(request)
        switch fault {
        case .answer(let text):
            guard forwardContent(request.contentLength, client, to: nil, isDamaged: false) else { break }
            return send(Array(text.utf8), client) || end(client)
        case .reset(let bytes):
            _ = forwardContent(min(bytes, request.contentLength), client, to: nil, isDamaged: false)
            return reset(client)
        case .stall:
            state.withLock { $0.stalled.append(client) }
            return false
        case nil, .damageContent, .loseAnswer, .cutAnswer, .replace:
            let isDamaged = if case .damageContent = fault { true } else { false }
            guard let answer = forward(request, client, server, isDamaged: isDamaged) else { break }
            return deliver(answer, client, fault)
        }
        return end(client)
    }

    private func deliver(_ answer: [UInt8], _ client: Int32, _ fault: Fault?) -> Bool {
        switch fault {
        case .loseAnswer: return reset(client)
        case .cutAnswer(let bytes):
            _ = send(Array(answer.prefix(bytes)), client)
            return end(client)
        case .replace(let old, let new):
            let text = String(decoding: answer, as: UTF8.self).replacing(old, with: new)
            _ = send(Array(text.utf8), client)
            return end(client)
        default:
            _ = send(answer, client)
            return end(client)
        }
    }

    /// Sends the request on, and reads the server's answer to its end.
    private func forward(_ request: Request, _ client: Int32, _ server: UInt16, isDamaged: Bool) -> [UInt8]? {
        guard let upstream = LoopbackPort.connected(to: server) else { return nil }
        defer { close(upstream) }
        var lines = request.header.components(separatedBy: "\r\n").filter {
            !$0.lowercased().hasPrefix("connection:")
        }
        lines.insert("Connection: close", at: 1)
        guard send(Array(lines.joined(separator: "\r\n").utf8), upstream),
            forwardContent(request.contentLength, client, to: upstream, isDamaged: isDamaged)
        else { return nil }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe read(upstream, &buffer, buffer.count)
            guard count > 0 else { return answer }
            answer += buffer[..<count]
        }
    }

    private func readRequest(_ client: Int32) -> Request? {
        var header: [UInt8] = []
        var byte: UInt8 = 0
        while !header.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard unsafe read(client, &byte, 1) == 1 else { return nil }
            header.append(byte)
        }
        let text = String(decoding: header, as: UTF8.self)
        let words = text.split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3 else { return nil }
        let length = text.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        let request = Request(method: words[0], target: words[1], header: text, contentLength: length ?? 0)
        state.withLock { $0.requests.append(request) }
        return request
    }

    /// - Returns: Whether all of it came.
    private func forwardContent(_ bytes: Int, _ client: Int32, to upstream: Int32?, isDamaged: Bool) -> Bool {
        var left = bytes
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while left > 0 {
            let count = unsafe read(client, &buffer, min(left, buffer.count))
            guard count > 0 else { return false }
            if isDamaged, left == bytes { buffer[0] ^= 1 }
            left -= count
            state.withLock { $0.contentBytes += count }
            if let upstream { guard send(Array(buffer[..<count]), upstream) else { return false } }
        }
        return true
    }

    private func send(_ bytes: [UInt8], _ socket: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes { bytes in
                unsafe Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private func end(_ client: Int32) -> Bool {
        close(client)
        return false
    }

    private func reset(_ client: Int32) -> Bool {
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(client, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        return end(client)
    }
}
