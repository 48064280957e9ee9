import SystemPackage

/// One HTTP request as it goes to the wire.
struct HTTPRequest: Sendable {
    /// The methods stores are spoken to with.
    enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case put = "PUT"
        case post = "POST"
        case delete = "DELETE"
    }

    var method: Method
    var address: WebAddress
    var headers: HTTPHeaders = HTTPHeaders()
    /// What is sent after the header; only a PUT and a POST have it.
    var content: Content?
    /// The MD5 of what goes through a file is taken on the way, which costs as much as all the rest.
    var takesMD5 = true
    /// Where the content of a 200 goes; every other body is kept in the response.
    var sink: Sink?
    var timeouts: HTTPTimeouts
    /// Called with the content bytes sent so far, from the transport's thread.
    var progress: (@Sendable (Int64) -> Void)?

    /// What a request can send.
    enum Content: Sendable {
        case slice(FileSlice)
        case bytes([UInt8])

        var count: Int64 {
            switch self {
            case .slice(let slice): slice.count
            case .bytes(let bytes): Int64(bytes.count)
            }
        }
    }

    /// A file that takes the content.
    struct Sink: Sendable {
        var file: FileDescriptor
        /// One byte more ends the transfer.
        var maximumBytes: Int64 = .max
    }
}

/// An HTTP response, its content bounded or written elsewhere.
struct HTTPResponse: Sendable {
    var status: Int
    var headers: HTTPHeaders
    /// At most ``maximumBody`` bytes: what did not go to the request's sink.
    var body: [UInt8] = []
    /// What was sent or received as content, where a file was read or written.
    var content: TransferredContent?

    /// An error document or a page of a listing is far smaller.
    static let maximumBody = 4 << 20
}

/// What went through a file.
struct TransferredContent: Sendable, Hashable {
    var bytes: Int64
    /// Lower-case hexadecimal; nil where the request takes none.
    var md5: String?
}
