import Foundation

/// Everything the workers need to know: where the database and the storage are, and how hard to work.
public struct PipelineConfiguration: Sendable {
    /// The two workers.
    public enum Worker: String, Sendable, Hashable, CaseIterable {
        /// Ships masters and covers to storage.
        case upload
        /// Cuts renditions and moves releases to PENDING_REVIEW.
        case processing
    }

    /// libpq connection string, as a URL or as `key=value` pairs; empty for libpq's own PG* environment.
    public var database: String
    /// Where masters, covers and renditions are kept.
    public var storage: StorageConfiguration
    /// Folders a `local_path` may lie in. The upload worker does not start without one.
    public var uploadRoots: [String]
    /// Where masters and renditions lie, nameless, while they are processed. It needs room for `processingConcurrency`
    /// masters and MP3s.
    public var workDirectory: String = NSTemporaryDirectory()
    /// Hosts, besides our own storage, that a master or cover may be fetched from.
    public var masterHosts: Set<String> = []
    /// Path of the `lathe-media` executable; nil for the one beside the running executable, or in PATH.
    public var mediaExecutable: String?
    /// Which workers run.
    public var workers: Set<Worker> = Set(Worker.allCases)
    /// Between two polls of `upload_jobs`.
    public var uploadPollInterval: Duration = .seconds(5)
    /// Between two polls of releases in PROCESSING.
    public var processingPollInterval: Duration = .seconds(10)
    /// New jobs wake the workers by LISTEN/NOTIFY, on one more connection; false leaves it to the polls. Behind a
    /// pooler there are only polls in any case.
    public var usesDoorbell = true
    /// Files uploaded at once.
    public var uploadConcurrency = 4
    /// Tracks transcoded at once; each takes one core, and one that is alone takes as many.
    public var processingConcurrency = ProcessInfo.processInfo.activeProcessorCount
    /// How long the history of attempts is kept; nil for good.
    public var attemptRetention: Duration? = .seconds(30 * 86_400)
    /// How long COMPLETED rows of `processing_jobs` are kept; nil for good.
    public var processingRetention: Duration? = .seconds(30 * 86_400)
    /// How long COMPLETED rows of `upload_jobs` are kept. For good unless asked: the application reads them.
    public var uploadRetention: Duration?
    /// How long running jobs may go on after a shutdown was asked for, before they are given back.
    public var drainTime: Duration = .seconds(30)

    /// Everything else has its default.
    public init(database: String, storage: StorageConfiguration, uploadRoots: [String]) {
        self.database = database
        self.storage = storage
        self.uploadRoots = uploadRoots
    }
}

extension PipelineConfiguration: CustomStringConvertible, CustomReflectable {
    /// Says where files go and leaves out the connection string, which may hold a password.
    public var description: String {
        "PipelineConfiguration(storage: \(storage.url), uploadRoots: \(uploadRoots), workers: \(workers))"
    }

    /// As little as ``description`` says.
    public var customMirror: Mirror { Mirror(self, children: ["storage": storage.url, "uploadRoots": uploadRoots]) }
}

/// Object storage and how to reach it.
public struct StorageConfiguration: Sendable {
    /// `s3://bucket[/prefix]` or `file:///directory`.
    public var url: String
    /// Base URL of an S3-compatible server; nil for AWS.
    public var endpoint: String?
    /// Region that requests are signed for.
    public var region: String = "us-east-1"
    /// Keys that sign requests; needed for `s3://`.
    public var credentials: Credentials?
    /// What a browser puts before an object's key; nil for the endpoint's own address.
    public var publicURL: String?
    /// `https://endpoint/bucket/key` instead of `https://bucket.endpoint/key`; nil lets the endpoint decide.
    public var usesPathStyle: Bool?
    /// Who runs the store (aws, r2, b2, minio, ceph, supabase, gcs, wasabi, scaleway, digitalocean, storj, generic);
    /// nil finds it out.
    public var provider: String?
    /// Parts of one upload that are sent at once, from 1 to 16.
    public var connections = 4
    /// Bytes of a part, where the file and the provider allow it; a file of more than two such parts is sent in parts.
    /// At least 5 MiB, as S3 takes no smaller ones.
    public var partBytes: Int64 = 16 << 20

    /// - Parameter url: `s3://bucket[/prefix]` or `file:///directory`.
    public init(url: String) {
        self.url = url
    }

    /// A key pair. Its description never shows the secret.
    public struct Credentials: Sendable, CustomStringConvertible, CustomReflectable {
        /// Names the key pair; not a secret.
        public var accessKeyID: String
        /// Signs requests, and is never sent.
        public var secretAccessKey: String
        /// Of temporary credentials.
        public var sessionToken: String?

        /// - Parameter sessionToken: of temporary credentials.
        public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
        }

        /// The key's name alone.
        public var description: String { "Credentials(\(accessKeyID), secret hidden)" }
        /// Hides the secret from `dump` as well.
        public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
    }
}
