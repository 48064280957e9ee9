/// Why an HTTP exchange gave no complete response.
struct TransportError: Error, Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// No connection: refused, no route, no such host, no time left.
        case cannotConnect
        /// TLS could not be agreed on, or the certificate is not trusted.
        case encryption
        /// The connection broke, or the response ended early.
        case broken
        /// Nothing moved for too long.
        case stalled
        /// The content is longer than the request's limit.
        case tooLarge
        /// The response is not HTTP, or too large for one.
        case malformed
        /// The library refused the request, or failed in itself.
        case library
    }

    var kind: Kind
    /// What the library said, as the end of a sentence.
    var detail: String
}

/// How an exchange fails: on the way, or at a file of ours, or because nobody wants it any more.
enum ExchangeError: Error, Sendable {
    case transport(TransportError)
    /// `sourceChanged`, `localIO`, `diskFull`, `cancelled`
    case local(ObjectStorageError)
}
