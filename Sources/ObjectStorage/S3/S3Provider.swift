/// Who runs a store, as far as it matters: what it verifies of an upload, and which of S3's rules it bends.
///
/// Only what was read in a provider's documentation or seen on its server is relied on; all else is taken to be as
/// little as any store does. `lathe storage check` finds out what an endpoint really verifies.
package enum S3Provider: String, Sendable, Hashable, CaseIterable {
    /// Amazon S3.
    case aws
    /// Cloudflare R2.
    case r2
    /// Backblaze B2.
    case b2
    case minio
    case ceph
    case supabase
    /// Google Cloud Storage's XML interface.
    case gcs
    case wasabi
    case scaleway
    case digitalocean
    case storj
    /// Any other.
    case generic

    /// By the host of an endpoint; nil for Amazon's own.
    init(endpointHost host: String?) {
        guard let host = host?.lowercased() else {
            self = .aws
            return
        }
        let known: [(suffix: String, provider: S3Provider)] = [
            ("amazonaws.com", .aws), ("amazonaws.com.cn", .aws), ("r2.cloudflarestorage.com", .r2),
            ("backblazeb2.com", .b2), ("supabase.co", .supabase), ("storage.googleapis.com", .gcs),
            ("wasabisys.com", .wasabi), ("scw.cloud", .scaleway), ("digitaloceanspaces.com", .digitalocean),
            ("storjshare.io", .storj),
        ]
        self = known.first { host == $0.suffix || host.hasSuffix("." + $0.suffix) }?.provider ?? .generic
    }

    /// By the `Server` field of a response.
    init?(server: String?) {
        switch server?.lowercased() {
        case let server? where server.hasPrefix("minio"): self = .minio
        case let server? where server.hasPrefix("ceph"): self = .ceph
        default: return nil
        }
    }

    /// A body whose SHA-256 is not the signed one is refused.
    var verifiesPayloadHash: Bool {
        switch self {
        case .aws, .minio, .ceph: true
        case .r2, .b2, .supabase, .gcs, .wasabi, .scaleway, .digitalocean, .storj, .generic: false
        }
    }

    /// A body whose CRC32C is not the one in `x-amz-checksum-crc32c` is refused, and the answer repeats it. Others pass
    /// over the field, and B2 refuses it.
    var verifiesCRC32C: Bool { self == .aws }

    /// The ETag of a whole of parts is the MD5 of theirs and their number, as on Amazon S3 without a key of KMS.
    var reckonsETags: Bool {
        switch self {
        case .aws, .minio, .ceph, .wasabi, .scaleway, .digitalocean: true
        case .r2, .b2, .supabase, .gcs, .storj, .generic: false
        }
    }

    static let crc32cField = "x-amz-checksum-crc32c"

    /// Parts of an upload at most.
    var maximumParts: Int { self == .scaleway ? 1000 : 10_000 }

    /// Bytes of every part but the last at least.
    var minimumPartBytes: Int64 { self == .storj ? 64 << 20 : 5 << 20 }
}
