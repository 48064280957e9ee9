/// Why an operation on a store failed.
package struct ObjectStorageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it was, so that the caller can tell a broken job from a broken world.
    package enum Kind: String, Sendable, Hashable {
        /// There is no such object.
        case notFound
        /// There is no such bucket or directory, or it is not at this endpoint.
        case bucketMissing
        /// The store refuses these credentials, or refuses them this operation; a directory's permissions do.
        case accessDenied
        /// The clocks of this host and of the store differ by more than the signature allows.
        case clockSkew
        /// The store cannot be reached, answers 5xx, stalls, or breaks connections.
        case unavailable
        /// The store asks for fewer requests.
        case throttled
        /// What arrived is not what was sent.
        case integrity
        /// The file was changed while it was read.
        case sourceChanged
        /// No store takes such a key.
        case invalidKey
        /// Reading or writing a local file failed.
        case localIO
        /// The local disk is full.
        case diskFull
        /// The calling task was cancelled.
        case cancelled
        /// The store refuses this request, and would again.
        case rejected
        /// The answer is not one this protocol has.
        case unexpectedAnswer
        /// A setting is malformed: nothing was sent.
        case invalidConfiguration
    }

    package var kind: Kind
    /// One sentence an operator can act on, without a trailing period: names the store, the key, and what to check.
    package var message: String
    /// Status of the HTTP answer; nil when none came.
    package var httpStatus: Int?
    /// The store's own error code, `NoSuchBucket` for one; nil when it gave none.
    package var s3Code: String?
    /// What the provider's support asks for.
    package var requestID: String?
    /// How long the store asks to be left alone.
    package var retryAfter: Duration?

    package init(
        _ kind: Kind, _ message: String, httpStatus: Int? = nil, s3Code: String? = nil, requestID: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.kind = kind
        self.message = message
        self.httpStatus = httpStatus
        self.s3Code = s3Code
        self.requestID = requestID
        self.retryAfter = retryAfter
    }

    /// The outside world is broken, wrongly set up or busy; the job is not to blame, and the same call can succeed
    /// later, however much later.
    package var isOutage: Bool {
        switch kind {
        case .unavailable, .throttled, .bucketMissing, .accessDenied, .clockSkew, .invalidConfiguration: true
        case .notFound, .integrity, .sourceChanged, .invalidKey, .localIO, .diskFull, .cancelled, .rejected,
            .unexpectedAnswer:
            false
        }
    }

    /// The same call may well succeed in a moment.
    var isTransient: Bool {
        switch kind {
        case .unavailable, .throttled, .integrity: true
        default: false
        }
    }

    package var description: String {
        var details: [String] = []
        if let httpStatus { details.append("HTTP \(httpStatus)") }
        if let s3Code { details.append(s3Code) }
        if let requestID { details.append("request \(requestID)") }
        return details.isEmpty ? message : "\(message) (\(details.joined(separator: ", ")))"
    }
}
