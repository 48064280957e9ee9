import FoundationEssentials
import Synchronization

/// A bucket of any store that speaks S3.
///
/// **Integrity.** What a row points at is what was on the disk:
/// 1. Over plain http the SHA-256 of each request's content is part of its signature: nobody on the way can change it,
///    and AWS, MinIO and Ceph refuse other bytes. It is taken of one part at a time, which is then sent out of the page
///    cache. Over https the content is sent as `UNSIGNED-PAYLOAD`, as TLS protects it.
/// 2. AWS verifies a CRC32C in a header, and repeats it; others pass over the field or refuse it (B2). Never is a body
///    `aws-chunked`.
/// 3. Where the store verifies neither, the MD5 of the bytes handed to the connection is compared with the ETag that
///    comes back. MD5 costs more than all the rest, so that it is taken nowhere else.
/// 4. The ETag of a whole of parts is reckoned from theirs and compared where it has that form, and a HEAD must give
///   the
///    file's size wherever nothing above has proven the content.
/// 5. The file's size, inode and modification time are the same before and after each request.
package final class S3ObjectStore: ObjectStore {
    let client: S3Client
    let retries: RetryPolicy
    private let address: PublicAddress
    /// With a slash at its end; or empty.
    let keyPrefix: String
    /// Some request has shown that the bucket exists.
    private let hasSeenBucket = Atomic(false)

    package let name: String

    /// - Parameter session: nil for the process's shared one.
    /// - Throws: `invalidConfiguration` for what is malformed; nothing is sent.
    package convenience init(
        _ configuration: S3Configuration, session: CurlSession? = nil
    ) throws(ObjectStorageError) {
        try self.init(configuration, session: session, retries: RetryPolicy())
    }

    init(
        _ configuration: S3Configuration, session: CurlSession? = nil, retries: RetryPolicy
    ) throws(ObjectStorageError) {
        let endpoint = try S3Endpoint(configuration)
        let location = try StorageLocation(
            parsing: "s3://\(configuration.bucket)" + (configuration.prefix.isEmpty ? "" : "/\(configuration.prefix)"))
        guard case .s3(_, let prefix) = location.kind else {
            throw ObjectStorageError(.invalidConfiguration, "the storage URL '\(location)' is not a bucket's")
        }
        let usedSession: CurlSession = if let session { session } else { try .shared() }
        client = S3Client(
            endpoint: endpoint, configuration: configuration, session: usedSession,
            identity: ProviderIdentity(
                configuration.provider,
                endpointHost: configuration.endpoint == nil ? nil : endpoint.bucketAddress.host))
        keyPrefix = prefix.isEmpty ? "" : prefix + "/"
        address = try Self.publicAddress(configuration, endpoint, prefix: prefix)
        self.retries = retries
        name = "\(location) at \(endpoint.origin)"
    }

    package func publicURL(for key: String) -> String { address.url(for: key) }

    package func key(forPublicURL url: String) -> String? { address.key(for: url) }

    package func delete(_ key: String) async throws(ObjectStorageError) {
        let request = S3Request(action: "delete \(ObjectKey.quoted(key))", method: .delete, key: try wholeKey(key))
        do throws(ObjectStorageError) {
            _ = try await retries.run { () throws(ObjectStorageError) in try await client.send(request) }
        } catch  where error.kind == .notFound {
            // AWS answers 204 for what is not there; others say 404, which may mean the bucket.
            try await checkBucket()
        }
    }

    package func checkAccess() async throws(ObjectStorageError) {
        // A listing, because it is the one harmless request whose errors have a body that says what is wrong.
        let request = S3Request(
            action: "list objects", method: .get,
            query: [("list-type", "2"), ("max-keys", "1"), ("prefix", keyPrefix)])
        let response = try await retries.run { () throws(ObjectStorageError) in try await client.send(request) }
        guard S3ListPage(parsing: response.body) != nil else {
            throw client.unexpectedAnswer(to: request, status: response.status)
        }
        hasSeenBucket.store(true, ordering: .relaxed)
    }

    /// The key with the store's prefix.
    func wholeKey(_ key: String) throws(ObjectStorageError) -> String {
        try ObjectKey.validate(key)
        let whole = keyPrefix + key
        try ObjectKey.validate(whole)
        return whole
    }

    /// Tells a missing bucket from a missing object where the store's answer does not: a HEAD has no body.
    ///
    /// - Throws: `bucketMissing` or an outage; nothing when the credentials may not list, which says nothing.
    func checkBucket() async throws(ObjectStorageError) {
        guard !hasSeenBucket.load(ordering: .relaxed) else { return }
        do throws(ObjectStorageError) {
            try await checkAccess()
        } catch  where error.kind == .accessDenied && error.s3Code == "AccessDenied" {
            return
        }
    }

    /// A request succeeded that needs the bucket.
    func noteBucket() {
        hasSeenBucket.store(true, ordering: .relaxed)
    }

    private static func publicAddress(
        _ configuration: S3Configuration, _ endpoint: S3Endpoint, prefix: String
    ) throws(ObjectStorageError) -> PublicAddress {
        var bases = [endpoint.bucketAddress.origin + endpoint.bucketAddress.path]
        if let publicURL = configuration.publicURL {
            do {
                let address = try WebAddress(parsing: publicURL)
                bases.insert(address.origin + address.path, at: 0)
            } catch {
                throw ObjectStorageError(.invalidConfiguration, "the public URL of the storage \(error.reason)")
            }
        }
        return PublicAddress(bases: bases, prefix: prefix)
    }
}

extension S3Client {
    /// A success that is not S3's.
    func unexpectedAnswer(to request: S3Request, status: Int) -> ObjectStorageError {
        ObjectStorageError(
            .unexpectedAnswer,
            "cannot \(request.action) in \(place): the answer is not S3's: check that the endpoint is an S3 server",
            httpStatus: status)
    }
}
