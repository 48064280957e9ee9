/// How a file is cut into the parts of a multipart upload: all of one size, and a last one that may be smaller, as R2
/// requires.
struct PartPlan: Sendable, Hashable {
    let fileBytes: Int64
    let partBytes: Int64

    /// AWS, "Amazon S3 multipart upload limits"; all providers have it.
    static let maximumPartBytes: Int64 = 5 << 30

    /// - Throws: `rejected` for a file that the provider's parts cannot hold.
    init(
        fileBytes: Int64, preferring preferred: Int64, provider: S3Provider, key: String
    ) throws(ObjectStorageError) {
        let smallest = max(preferred, provider.minimumPartBytes)
        let needed = (fileBytes + Int64(provider.maximumParts) - 1) / Int64(provider.maximumParts)
        // Whole mebibytes, so that parts begin where pages do.
        let partBytes = max(smallest, (needed + (1 << 20) - 1) / (1 << 20) * (1 << 20))
        guard partBytes <= Self.maximumPartBytes else {
            throw ObjectStorageError(
                .rejected,
                "the file for \(ObjectKey.quoted(key)) has \(fileBytes) bytes, more than \(provider.maximumParts) parts of 5 GiB"
            )
        }
        self.init(fileBytes: fileBytes, partBytes: partBytes)
    }

    init(fileBytes: Int64, partBytes: Int64) {
        self.fileBytes = fileBytes
        self.partBytes = partBytes
    }

    var count: Int { Int((fileBytes + partBytes - 1) / partBytes) }

    /// - Parameter part: from 1.
    func range(of part: Int) -> Range<Int64> {
        let start = Int64(part - 1) * partBytes
        return start..<min(fileBytes, start + partBytes)
    }
}
