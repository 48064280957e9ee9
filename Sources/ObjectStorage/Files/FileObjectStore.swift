import FoundationEssentials
import Glibc
package import SystemPackage

/// Objects as files below a directory, one file a key.
///
/// A put writes a temporary file beside the objects, flushes it, renames it into place and flushes the directory: a
/// reader sees the old object or the new one, and after a power cut too. The directory itself is never created: a
/// volume that is not mounted is `bucketMissing`, not an invitation to fill the disk below it. What S3 allows and a
/// directory cannot hold, a key `a` beside a key `a/b`, is `rejected`.
package struct FileObjectStore: ObjectStore {
    /// The directory that holds the objects.
    package let root: FilePath
    let address: PublicAddress
    /// Where puts in progress live. No key may begin with this segment.
    static let incomingDirectory = ".lathe-incoming"

    package var name: String { "file://\(root)" }

    /// - Parameter publicURL: The http or https URL under which the public sees `root`; nil for `file://` URLs.
    /// - Throws: `invalidConfiguration` for a relative directory or a malformed URL.
    package init(root: FilePath, publicURL: String?) throws(ObjectStorageError) {
        guard root.isAbsolute else {
            throw ObjectStorageError(.invalidConfiguration, "the storage directory '\(root)' is not an absolute path")
        }
        self.root = root.lexicallyNormalized()
        var bases = ["file://" + PercentEncoding.encode(self.root.string, keepingSlashes: true)]
        if let publicURL {
            do {
                _ = try WebAddress(parsing: publicURL)
            } catch {
                throw ObjectStorageError(.invalidConfiguration, "the public URL of the storage \(error.reason)")
            }
            bases.insert(publicURL, at: 0)
        }
        address = PublicAddress(bases: bases, prefix: "")
    }

    package func put(
        _ file: FileDescriptor, length: Int64, key: String, attributes: ObjectAttributes,
        journal: (any UploadJournal)?, progress: (@Sendable (Int64) -> Void)?
    ) async throws(ObjectStorageError) -> StoredObject {
        let path = try path(of: key)
        try attributes.validate()
        return try await BlockingLane.files.run { isCancelled throws(ObjectStorageError) in
            let source = try SourceFile(file, length: length, key: key)
            try checkRoot()
            return try store(source, at: path, isCancelled: isCancelled, progress: progress)
        }
    }

    package func get(_ key: String, into file: FileDescriptor) async throws(ObjectStorageError) -> StoredObject {
        let path = try path(of: key)
        return try await BlockingLane.files.run { isCancelled throws(ObjectStorageError) in
            try checkRoot()
            return try fetch(key, at: path, into: file, isCancelled: isCancelled)
        }
    }

    package func head(_ key: String) async throws(ObjectStorageError) -> StoredObject? {
        let path = try path(of: key)
        return try await BlockingLane.files.run { _ throws(ObjectStorageError) in
            try checkRoot()
            return try status(of: path, key: key)
        }
    }

    package func delete(_ key: String) async throws(ObjectStorageError) {
        let path = try path(of: key)
        try await BlockingLane.files.run { _ throws(ObjectStorageError) in
            try checkRoot()
            guard try status(of: path, key: key) != nil else { return }
            guard unsafe unlink(path.string) != 0 else { return }
            let error = Errno(rawValue: errno)
            if error != .noSuchFileOrDirectory { throw .localIO(error, "delete \(path)") }
        }
    }

    /// A file is copied whole or not at all.
    package func openUploads(prefix: String) async throws(ObjectStorageError) -> [OpenUpload] { [] }

    package func takeBack(_ upload: OpenUpload) async throws(ObjectStorageError) {}

    package func publicURL(for key: String) -> String { address.url(for: key) }

    package func key(forPublicURL url: String) -> String? { address.key(for: url) }

    /// The file an object is kept in.
    func path(of key: String) throws(ObjectStorageError) -> FilePath {
        try ObjectKey.validate(key)
        if ObjectKey.segments(of: key).first == Self.incomingDirectory {
            throw ObjectStorageError(
                .invalidKey, "object key \(ObjectKey.quoted(key)) is in the folder for temporary files")
        }
        var path = root
        for segment in ObjectKey.segments(of: key) {
            guard let component = FilePath.Component(segment), component.kind == .regular else {
                throw ObjectStorageError(
                    .invalidKey, "object key \(ObjectKey.quoted(key)) leaves the storage directory")
            }
            path.append(component)
        }
        return path
    }

    /// nil when there is no regular file at the path.
    func status(of path: FilePath, key: String) throws(ObjectStorageError) -> StoredObject? {
        var info = stat()
        guard unsafe lstat(path.string, &info) == 0 else {
            let error = Errno(rawValue: errno)
            if error == .noSuchFileOrDirectory || error == .notDirectory { return nil }
            throw .localIO(error, "look at \(path)")
        }
        let stamp = FileStamp(info)
        return stamp.isRegularFile ? StoredObject(key: key, stamp: stamp) : nil
    }

    /// - Throws: `bucketMissing` when the root is no directory.
    func checkRoot() throws(ObjectStorageError) {
        var info = stat()
        guard unsafe stat(root.string, &info) == 0 else {
            let error = Errno(rawValue: errno)
            guard error == .noSuchFileOrDirectory || error == .notDirectory else {
                throw .localIO(error, "look at the storage directory \(root)")
            }
            throw ObjectStorageError(
                .bucketMissing, "the storage directory \(root) does not exist: create it, or mount its volume")
        }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            throw ObjectStorageError(.bucketMissing, "the storage directory \(root) is not a directory")
        }
    }
}

extension StoredObject {
    init(key: String, stamp: FileStamp) {
        let seconds = Double(stamp.identity.modified) / 1e9
        self.init(key: key, bytes: stamp.bytes, lastModified: Date(timeIntervalSince1970: seconds))
    }
}
