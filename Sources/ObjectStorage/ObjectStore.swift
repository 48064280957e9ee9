package import SystemPackage

package import struct FoundationEssentials.Date

/// A place that keeps objects under keys: an S3 bucket, a directory.
///
/// Keys are relative to the store's own prefix, in UTF-8, at most 1024 bytes with the prefix, made of segments
/// separated by single slashes. A key that is empty, begins or ends with a slash, or has an empty, `.` or `..`
/// segment or a control character is refused by every store with `invalidKey` before anything is sent: proxies and
/// file systems rewrite such keys, each in its own way.
///
/// Every operation may be repeated: doing it twice leaves what doing it once leaves. Stores repeat quick, transient
/// failures a few times themselves and leave long waits to the caller (``ObjectStorageError/isOutage``). When the
/// calling task is cancelled an operation ends promptly with `cancelled`. A descriptor handed in is only used until
/// the call returns, stays open, and keeps its file position.
package protocol ObjectStore: Sendable {
    /// What the store is, for people: `s3://bucket/prefix at http://127.0.0.1:9000`. Holds no secret.
    var name: String { get }

    /// Streams a whole regular file into the object `key`, replacing what was there.
    ///
    /// The object appears whole or not at all. A file that changes while it is read is `sourceChanged`: one that
    /// shrank publishes nothing; one that was rewritten at the same length may already be stored under `key`, where
    /// it stays, because no row refers to it before this call succeeds and the next try overwrites it. (Deleting it
    /// could take away the good object of another try.)
    ///
    /// - Parameters:
    ///   - file: A regular file, open for reading.
    ///   - length: The file's size in bytes as the caller measured it; any other size now is `sourceChanged`.
    ///   - journal: Lets an upload of many parts be gone on with by a later call, after an outage or a crash; without
    ///     one each call begins anew, and takes back what it could not complete.
    ///   - progress: Called with the bytes sent so far, from a thread that must not be held up. Starts again from
    ///     zero when a try is repeated.
    func put(
        _ file: FileDescriptor, length: Int64, key: String, attributes: ObjectAttributes,
        journal: (any UploadJournal)?, progress: (@Sendable (Int64) -> Void)?
    ) async throws(ObjectStorageError) -> StoredObject

    /// Copies the object `key` into a regular file, from offset 0, and cuts the file to the object's length. The
    /// length is checked against the one the store announced, the content against the ETag where that is an MD5.
    ///
    /// - Throws: `notFound` when there is no such object.
    func get(_ key: String, into file: FileDescriptor) async throws(ObjectStorageError) -> StoredObject

    /// What the store knows about the object `key`; nil when there is none.
    func head(_ key: String) async throws(ObjectStorageError) -> StoredObject?

    /// Deletes the object `key`. Deleting what is not there is success.
    func delete(_ key: String) async throws(ObjectStorageError)

    /// All objects whose keys begin with `prefix` (a plain string prefix; empty for all), in UTF-8 byte order.
    func list(prefix: String) async throws(ObjectStorageError) -> [StoredObject]

    /// The uploads in parts that were begun and neither completed nor taken back, by whoever it was.
    ///
    /// - Parameter prefix: as of ``list(prefix:)``.
    func openUploads(prefix: String) async throws(ObjectStorageError) -> [OpenUpload]

    /// Takes an upload in parts back, with what it has sent. One that is not open any more is success.
    func takeBack(_ upload: OpenUpload) async throws(ObjectStorageError)

    /// The URL under which the object `key` is read by the public, percent-encoded.
    func publicURL(for key: String) -> String

    /// The key of the object a public URL points at; nil when the URL is not one of this store's.
    func key(forPublicURL url: String) -> String?

    /// Finds out whether the store can be used: it is reachable, the bucket or directory exists, the credentials are
    /// good. Otherwise throws one clear line.
    func checkAccess() async throws(ObjectStorageError)
}

/// An upload in parts that a store knows of.
package struct OpenUpload: Sendable, Hashable {
    /// Relative to the store's prefix.
    package var key: String
    package var uploadID: String
    /// By the store's clock; nil where it does not say.
    package var begun: Date?

    package init(key: String, uploadID: String, begun: Date?) {
        self.key = key
        self.uploadID = uploadID
        self.begun = begun
    }
}

extension ObjectStore {
    /// ``put(_:length:key:attributes:journal:progress:)`` without a journal.
    package func put(
        _ file: FileDescriptor, length: Int64, key: String, attributes: ObjectAttributes,
        progress: (@Sendable (Int64) -> Void)? = nil
    ) async throws(ObjectStorageError) -> StoredObject {
        try await put(file, length: length, key: key, attributes: attributes, journal: nil, progress: progress)
    }
}
