/// What a store's error code, or else its status, says about whose fault it is.
///
/// AWS, "Amazon S3 API Reference: Error responses"; codes of MinIO and Ceph where they differ.
enum S3ErrorCode {
    static func kind(code: String?, status: Int) -> ObjectStorageError.Kind {
        code.flatMap(kind(code:)) ?? kind(status: status)
    }

    private static func kind(code: String) -> ObjectStorageError.Kind? {
        switch code {
        case "NoSuchKey", "NoSuchVersion", "NoSuchUpload": .notFound
        case "NoSuchBucket", "InvalidBucketName", "PermanentRedirect", "BucketRegionError",
            "IllegalLocationConstraintException":
            .bucketMissing
        case "AccessDenied", "SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidSecurity", "InvalidToken",
            "ExpiredToken", "TokenRefreshRequired", "AccountProblem", "AllAccessDisabled", "NotSignedUp",
            "AuthorizationHeaderMalformed", "CredentialsNotSupported", "UnauthorizedAccess", "InvalidClientTokenId":
            .accessDenied
        case "RequestTimeTooSkewed", "RequestExpired": .clockSkew
        case "SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException", "TooManyRequests",
            "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "BandwidthLimitExceeded",
            "ProvisionedThroughputExceededException":
            .throttled
        case "InternalError", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException", "OperationAborted",
            "ServerNotInitialized", "XMinioServerNotInitialized", "XMinioStorageFull", "XMinioReadQuorum",
            "XMinioWriteQuorum", "TemporaryRedirect", "Busy":
            .unavailable
        case "BadDigest", "InvalidDigest", "IncompleteBody", "XAmzContentSHA256Mismatch", "BadRequestChecksum":
            .integrity
        case "KeyTooLongError", "XMinioInvalidObjectName", "InvalidObjectName": .invalidKey
        default: nil
        }
    }

    private static func kind(status: Int) -> ObjectStorageError.Kind {
        switch status {
        case 301: .bucketMissing
        case 307, 408, 425: .unavailable
        case 401, 403, 407: .accessDenied
        case 404: .notFound
        case 429: .throttled
        case 500...: .unavailable
        case 400..<500: .rejected
        default: .unexpectedAnswer
        }
    }
}
