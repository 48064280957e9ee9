import Crypto

/// What is known of a slice of a file before it is sent, so that a store which verifies can refuse other bytes.
///
/// It is taken of one slice at a time, which is then sent out of the page cache.
struct ContentProof: Sendable, Hashable {
    /// Lower-case hexadecimal; nil leaves the content unsigned.
    var sha256: String?
    var crc32c: CRC32C?

    /// What a proof is to hold.
    struct Kinds: Sendable, Hashable {
        var sha256: Bool
        var crc32c: Bool

        var isEmpty: Bool { !sha256 && !crc32c }
    }

    /// - Throws: as ``FileSlice/forEachPiece(isCancelled:_:)``.
    static func of(_ slice: FileSlice, _ kinds: Kinds) async throws(ObjectStorageError) -> ContentProof {
        guard !kinds.isEmpty else { return ContentProof() }
        return try await BlockingLane.files.run { isCancelled throws(ObjectStorageError) in
            var hash = kinds.sha256 ? SHA256() : nil
            var crc = kinds.crc32c ? CRC32C() : nil
            try unsafe slice.forEachPiece(isCancelled: isCancelled) { piece throws(ObjectStorageError) in
                unsafe hash?.update(bufferPointer: piece)
                unsafe crc?.update(piece)
            }
            return ContentProof(sha256: hash.map { Hexadecimal.text($0.finalize()) }, crc32c: crc)
        }
    }
}
