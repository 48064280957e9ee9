/// Remembers, wherever it outlives a crash, how far one file's upload has come.
///
/// One journal is for one file under one key. What it throws ends the upload, which can be gone on with later.
package protocol UploadJournal: Sendable {
    /// The upload that was begun and has not ended; nil where there is none.
    func unfinished() async throws(ObjectStorageError) -> UnfinishedUpload?

    /// An upload is about to begin, in place of any earlier one: with an empty id, and once more with the store's own.
    func begin(_ upload: UnfinishedUpload) async throws(ObjectStorageError)

    /// The store has one more part.
    func add(_ part: UploadedPart, to uploadID: String) async throws(ObjectStorageError)

    /// The upload is complete, or given up: there is nothing to go on with.
    func end(uploadID: String) async throws(ObjectStorageError)
}

/// A multipart upload that has begun.
package struct UnfinishedUpload: Sendable, Hashable, Codable {
    /// The store's name: an upload is known to one store only.
    package var store: String
    /// Relative to the store's prefix.
    package var key: String
    /// As the store gave it; empty where its answer was not heard, so that there may be an upload of the key or not.
    package var uploadID: String
    /// Of every part but the last.
    package var partBytes: Int64
    package var file: FileIdentity
    package var parts: [UploadedPart]

    package init(
        store: String, key: String, uploadID: String, partBytes: Int64, file: FileIdentity, parts: [UploadedPart] = []
    ) {
        self.store = store
        self.key = key
        self.uploadID = uploadID
        self.partBytes = partBytes
        self.file = file
        self.parts = parts
    }
}

extension UnfinishedUpload {
    /// Whether it can be one of ours: a journal may be damaged.
    package var isUsable: Bool {
        partBytes > 0 && file.bytes > 0 && parts.allSatisfy { 1...10_000 ~= $0.number }
            && (file.bytes - 1) / partBytes < 10_000
    }
}

/// A part that the store has, as it was proven when it was sent.
package struct UploadedPart: Sendable, Hashable, Codable {
    /// From 1.
    package var number: Int
    /// Without quotes.
    package var etag: String
    /// As S3 writes it; nil where the store verifies none.
    package var crc32c: String?

    package init(number: Int, etag: String, crc32c: String? = nil) {
        self.number = number
        self.etag = etag
        self.crc32c = crc32c
    }
}

/// Which file, and which state of it: what was sent of another cannot be gone on with. Without its device, whose number
/// a restart may change.
package struct FileIdentity: Sendable, Hashable, Codable {
    package var inode: UInt64
    package var bytes: Int64
    /// Nanoseconds since 1970.
    package var modified: Int64
    /// When the kernel last changed anything of it, in nanoseconds since 1970: a program can put `modified` back, not
    /// this.
    package var changed: Int64

    package init(inode: UInt64, bytes: Int64, modified: Int64, changed: Int64) {
        self.inode = inode
        self.bytes = bytes
        self.modified = modified
        self.changed = changed
    }
}
