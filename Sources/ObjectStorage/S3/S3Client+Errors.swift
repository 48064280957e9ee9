import FoundationEssentials

extension S3Client {
    /// The bucket and where it is, for the middle of a sentence.
    var place: String { "bucket '\(configuration.bucket)' at \(endpoint.origin)" }

    /// What a response that is not a success means.
    func error(for response: HTTPResponse, _ request: S3Request) -> ObjectStorageError {
        let document = S3ErrorDocument(parsing: response.body)
        var kind = S3ErrorCode.kind(code: document?.code, status: response.status)
        // Without a code a 404 for the bucket itself can only mean the bucket.
        if kind == .notFound, request.key.isEmpty { kind = .bucketMissing }
        return ObjectStorageError(
            kind, "cannot \(request.action) in \(place): \(reason(kind, document, response))",
            httpStatus: response.status, s3Code: document?.code,
            requestID: document?.requestID ?? response.headers["x-amz-request-id"],
            retryAfter: response.headers["retry-after"].flatMap { RetryAfter.parse($0, now: Date()) })
    }

    /// What an exchange without a response means.
    func error(for failure: ExchangeError, _ request: S3Request) -> ObjectStorageError {
        ObjectStorageError(failure, while: "cannot \(request.action) in \(place)", peer: "the store")
    }

    private func reason(
        _ kind: ObjectStorageError.Kind, _ document: S3ErrorDocument?, _ response: HTTPResponse
    ) -> String {
        let said = document?.message.map { ": '\($0)'" } ?? ""
        switch kind {
        case .notFound: return "there is no such object"
        case .bucketMissing: return missingBucket(document, response)
        case .accessDenied: return denial(document) + said
        case .clockSkew: return "this host's clock is wrong\(skew(response)): let it follow a time server"
        case .throttled: return "the store asks for fewer requests\(said)"
        case .unavailable: return "the store is out of order\(said): try again later"
        case .integrity: return "the store received other bytes than were sent\(said)"
        case .invalidKey: return "the store takes no such key\(said)"
        case .unexpectedAnswer: return "the answer is not S3's: check that the endpoint is an S3 server"
        default: return "the store refuses the request\(said)"
        }
    }

    private func missingBucket(_ document: S3ErrorDocument?, _ response: HTTPResponse) -> String {
        if let region = response.headers["x-amz-bucket-region"] ?? document?.region, region != configuration.region {
            return "the bucket is in the region '\(region)', not '\(configuration.region)': set the storage region"
        }
        if let endpoint = document?.endpoint { return "the bucket is at '\(endpoint)': set the storage endpoint" }
        return "there is no such bucket: create it, or correct its name in the storage URL"
    }

    private func denial(_ document: S3ErrorDocument?) -> String {
        let key = configuration.credentials.accessKeyID
        switch document?.code {
        case "SignatureDoesNotMatch": return "the secret key does not belong to the access key '\(key)'"
        case "InvalidAccessKeyId": return "the store does not know the access key '\(key)'"
        case "ExpiredToken", "TokenRefreshRequired": return "the session token has expired: get new credentials"
        case "InvalidToken": return "the session token is not valid: get new credentials"
        case "AuthorizationHeaderMalformed":
            let region = document?.region.map { "is '\($0)'" } ?? "may be another"
            return "the region \(region), not '\(configuration.region)': set the storage region"
        default: return "the access key '\(key)' is not allowed to do this: check its policy"
        }
    }

    /// How far apart the clocks are, where the response tells.
    private func skew(_ response: HTTPResponse) -> String {
        guard let text = response.headers["date"], let theirs = HTTPDate.parse(text) else { return "" }
        let seconds = Int(Date().timeIntervalSince(theirs))
        return " by \(abs(seconds)) s (it is \(seconds < 0 ? "behind" : "ahead of") the store's)"
    }
}
