import CCurl

extension CurlEasy {
    /// Sets everything a request asks for, and everything that keeps libcurl from being clever about it.
    mutating func prepare(for request: HTTPRequest) {
        set(CURLOPT_URL, request.address.text)
        set(CURLOPT_USERAGENT, "lathe")
        restrict()
        setTimeouts(request.timeouts)
        switch request.method {
        case .get: set(CURLOPT_HTTPGET, 1)
        case .head: set(CURLOPT_NOBODY, 1)
        case .put: setUpload(length: request.content?.count ?? 0)
        case .post:
            // With POST, libcurl would take the length as one of form fields, and add their content type.
            setUpload(length: request.content?.count ?? 0)
            set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        case .delete: set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        // Expect would cost a round trip, and some proxies never answer it.
        let own: [(name: String, value: String?)] = [("Expect", nil)]
        setHeaders(own + request.headers.fields.map { ($0.name, $0.value) })
    }

    private mutating func restrict() {
        // A signature covers the path as it is written.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // One upload a connection: HTTP/2 would put all of them behind one window.
        set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        set(CURLOPT_HTTP09_ALLOWED, 0)
        // No signal handlers for name resolution: this is not the process's only thread.
        set(CURLOPT_NOSIGNAL, 1)
        // A proxy's answer to CONNECT is not the store's.
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        // A transfer that is cancelled while its host is looked up does not wait for the resolver.
        set(CURLOPT_QUICK_EXIT, 1)
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 30)
        set(CURLOPT_TCP_KEEPINTVL, 10)
        set(CURLOPT_BUFFERSIZE, 256 << 10)
    }

    private mutating func setTimeouts(_ timeouts: HTTPTimeouts) {
        let connect = timeouts.connect.components
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(connect.seconds) * 1000 + Int(connect.attoseconds / 1_000_000_000_000_000))
    }

    private mutating func setUpload(length: Int64) {
        set(CURLOPT_UPLOAD, 1)
        set(CURLOPT_INFILESIZE_LARGE, offset: length)
        // Fewer, larger reads; libcurl's default is 64 KiB. One such buffer is all the memory an upload takes.
        set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
    }
}

extension TransportError {
    /// What a libcurl result means to a caller.
    init(_ code: CURLcode, _ explanation: String) {
        let kind: Kind =
            switch code {
            // Only connecting has a time limit of libcurl's.
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
                CURLE_OPERATION_TIMEDOUT, CURLE_PROXY:
                .cannotConnect
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
                CURLE_SSL_INVALIDCERTSTATUS:
                .encryption
            case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_SEND_FAIL_REWIND,
                CURLE_ABORTED_BY_CALLBACK:
                .broken
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING:
                .malformed
            default: .library
            }
        self.init(kind: kind, detail: explanation)
    }
}
