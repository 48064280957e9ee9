/// Where a bucket is, and how its objects are addressed there.
struct S3Endpoint: Sendable, Hashable {
    /// The address of the bucket itself, without a slash at its end: path or host name its bucket.
    let bucketAddress: WebAddress
    /// The endpoint as an operator knows it.
    let origin: String

    var isEncrypted: Bool { bucketAddress.isEncrypted }

    /// - Throws: `invalidConfiguration` for a malformed endpoint, region or bucket.
    init(_ configuration: S3Configuration) throws(ObjectStorageError) {
        if let problem = BucketName.problem(in: configuration.bucket) {
            throw ObjectStorageError(.invalidConfiguration, "the storage URL \(problem)")
        }
        let isRegion = configuration.region.utf8.allSatisfy {
            PercentEncoding.isUnreserved($0) && $0 != UInt8(ascii: "~")
        }
        guard !configuration.region.isEmpty, isRegion else {
            throw ObjectStorageError(
                .invalidConfiguration,
                "the storage region '\(configuration.region)' is not a region's name: write us-east-1")
        }
        var address = try Self.address(of: configuration)
        origin = address.origin + address.path
        if Self.usesHost(configuration) {
            guard BucketName.isHostName(configuration.bucket), !address.isNumeric else {
                throw ObjectStorageError(
                    .invalidConfiguration,
                    "the bucket '\(configuration.bucket)' cannot be part of a host name at \(address.origin): use path "
                        + "addressing")
            }
            address.host = "\(configuration.bucket).\(address.host)"
        } else {
            address.path += "/" + PercentEncoding.encode(configuration.bucket)
        }
        bucketAddress = address
    }

    /// The address of an object, or of the bucket for an empty key.
    func address(of key: String, query: [(name: String, value: String)] = []) -> WebAddress {
        var address = bucketAddress
        if !key.isEmpty || address.path.isEmpty {
            address.path += "/" + PercentEncoding.encode(key, keepingSlashes: true)
        }
        address.query = query.isEmpty ? nil : SignatureV4.canonicalQuery(query)
        return address
    }

    private static func address(of configuration: S3Configuration) throws(ObjectStorageError) -> WebAddress {
        let text = configuration.endpoint ?? "https://s3.\(configuration.region).amazonaws.com"
        var address: WebAddress
        do {
            address = try WebAddress(parsing: text)
        } catch {
            throw malformed(error.reason)
        }
        guard address.query == nil else { throw malformed("has a query (?)") }
        while address.path.hasSuffix("/") { address.path.removeLast() }
        return address
    }

    private static func malformed(_ reason: String) -> ObjectStorageError {
        ObjectStorageError(
            .invalidConfiguration, "the storage endpoint \(reason): write https://HOST[:PORT][/PATH]")
    }

    private static func usesHost(_ configuration: S3Configuration) -> Bool {
        switch configuration.addressing {
        case .path: false
        case .virtualHost: true
        case .automatic: configuration.endpoint == nil && BucketName.isHostLabel(configuration.bucket)
        }
    }
}
