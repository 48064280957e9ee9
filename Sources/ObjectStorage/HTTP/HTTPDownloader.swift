import FoundationEssentials
package import SystemPackage

/// Downloads files by plain GET from the few hosts an operator allows: masters that are not in our own store.
///
/// Redirects are not followed, so that an allowed host cannot send us to one that is not; user names in URLs are
/// refused; queries (signed URLs) are sent as they are and left out of errors.
package final class HTTPDownloader: Sendable {
    private let allowedHosts: Set<String>
    private let session: CurlSession
    private let timeouts: HTTPTimeouts
    private let retries: RetryPolicy

    /// - Parameters:
    ///   - allowedHosts: Host names as they stand in URLs, without ports, in any case. No name allows another below it.
    ///   - session: nil for the process's shared one.
    package convenience init(
        allowedHosts: Set<String>, timeouts: HTTPTimeouts = HTTPTimeouts(), session: CurlSession? = nil
    ) throws(ObjectStorageError) {
        try self.init(allowedHosts: allowedHosts, timeouts: timeouts, session: session, retries: RetryPolicy())
    }

    init(
        allowedHosts: Set<String>, timeouts: HTTPTimeouts, session: CurlSession?, retries: RetryPolicy
    ) throws(ObjectStorageError) {
        self.allowedHosts = Set(allowedHosts.map { $0.lowercased() })
        self.timeouts = timeouts
        self.retries = retries
        self.session = if let session { session } else { try .shared() }
    }

    /// Writes what is behind a URL into a regular file, from offset 0, and cuts the file to its length.
    ///
    /// - Returns: The bytes written.
    /// - Throws: `rejected` for a URL that is malformed or elsewhere, for a redirect, and for more than `maximumBytes`.
    package func download(
        _ url: String, into file: FileDescriptor, maximumBytes: Int64
    ) async throws(ObjectStorageError) -> Int64 {
        let address: WebAddress
        do {
            address = try WebAddress(parsing: url)
        } catch {
            throw ObjectStorageError(.rejected, "cannot download: the URL \(error.reason)")
        }
        guard allowedHosts.contains(address.host) else {
            throw ObjectStorageError(
                .rejected,
                "cannot download from '\(address.host)': it is not among the hosts downloads are allowed from")
        }
        let request = HTTPRequest(
            method: .get, address: address, sink: HTTPRequest.Sink(file: file, maximumBytes: maximumBytes),
            timeouts: timeouts)
        return try await retries.run { () throws(ObjectStorageError) in
            try file.cut(to: 0, key: address.path)
            return try await downloadOnce(request)
        }
    }

    private func downloadOnce(_ request: HTTPRequest) async throws(ObjectStorageError) -> Int64 {
        var shown = request.address
        shown.query = nil
        let response: HTTPResponse
        do {
            response = try await session.exchange(request)
        } catch {
            throw ObjectStorageError(error, while: "cannot download \(shown.text)", peer: "the server")
        }
        guard response.status == 200, let content = response.content else {
            throw ObjectStorageError(downloading: shown.text, response)
        }
        return content.bytes
    }
}

extension ObjectStorageError {
    /// What a status that is not 200 means for a download.
    fileprivate init(downloading url: String, _ response: HTTPResponse) {
        let (kind, reason): (Kind, String) =
            switch response.status {
            case 300..<400: (.rejected, "the server redirects, and redirects are not followed: give the final URL")
            case 404, 410: (.notFound, "there is nothing at this URL")
            case 401, 403:
                (.accessDenied, "the server does not allow it: check whether the URL is public or has expired")
            case 408, 425, 500...: (.unavailable, "the server is out of order: try again later")
            case 429: (.throttled, "the server asks for fewer requests")
            case 400..<500: (.rejected, "the server refuses the request")
            default: (.unexpectedAnswer, "the server sends no whole file")
            }
        self.init(
            kind, "cannot download \(url): \(reason)", httpStatus: response.status,
            retryAfter: response.headers["retry-after"].flatMap { RetryAfter.parse($0, now: Date()) })
    }
}
