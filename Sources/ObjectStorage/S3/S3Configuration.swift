/// Everything an S3 store is told. A plain value; ``S3ObjectStore`` checks it.
package struct S3Configuration: Sendable, Hashable {
    /// How a request names its bucket.
    package enum Addressing: String, Sendable, Hashable, CaseIterable {
        /// By host on AWS where the bucket's name can be a host label, by path everywhere else.
        case automatic
        /// `https://endpoint/bucket/key`
        case path
        /// `https://bucket.endpoint/key`
        case virtualHost
    }

    package var bucket: String
    /// Before every key, separated by a slash; empty for the whole bucket.
    package var prefix: String
    /// `https://host[:port][/base/path]`; nil for AWS itself in `region`. A base path is part of what is signed.
    package var endpoint: String?
    package var region: String
    package var addressing: Addressing
    package var credentials: S3Credentials
    /// The URL under which the public sees the bucket's root (a CDN, Supabase's `/storage/v1/object/public/BUCKET`);
    /// nil for the endpoint's own.
    package var publicURL: String?
    package var timeouts: HTTPTimeouts
    /// ETags of single puts that look like an MD5 are compared with the MD5 of what was sent. Turn it off only for a
    /// store that makes random ETags of 32 hexadecimal digits; the size is compared then.
    package var comparesETags: Bool
    /// nil finds it out.
    package var provider: S3Provider?
    /// Parts of one upload that are sent at once.
    package var connections: Int
    /// Bytes of a part where the file and the provider allow it: few enough that what a crash loses is sent again in
    /// moments, so many that a request's own cost does not count. A file of more than two such parts is sent in parts.
    package var partBytes: Int64

    package init(
        bucket: String, prefix: String = "", endpoint: String? = nil, region: String = "us-east-1",
        addressing: Addressing = .automatic, credentials: S3Credentials, publicURL: String? = nil,
        timeouts: HTTPTimeouts = HTTPTimeouts(), comparesETags: Bool = true, provider: S3Provider? = nil,
        connections: Int = 4, partBytes: Int64 = 16 << 20
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.endpoint = endpoint
        self.region = region
        self.addressing = addressing
        self.credentials = credentials
        self.publicURL = publicURL
        self.timeouts = timeouts
        self.comparesETags = comparesETags
        self.provider = provider
        self.connections = connections
        self.partBytes = partBytes
    }
}
