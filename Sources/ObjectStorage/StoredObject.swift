package import struct FoundationEssentials.Date

/// What a store knows about one object.
package struct StoredObject: Sendable, Hashable {
    /// Relative to the store's prefix.
    package var key: String
    /// Size in bytes.
    package var bytes: Int64
    /// The entity tag without its quotes; nil where the store has none. It is the MD5 of the content only when it is
    /// 32 hexadecimal digits and the store does not encrypt with keys of its own.
    package var etag: String?
    /// When the object was last written, as the store says; nil where the answer did not tell.
    package var lastModified: Date?

    package init(key: String, bytes: Int64, etag: String? = nil, lastModified: Date? = nil) {
        self.key = key
        self.bytes = bytes
        self.etag = etag
        self.lastModified = lastModified
    }
}
