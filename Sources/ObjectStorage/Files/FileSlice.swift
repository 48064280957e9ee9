import SystemPackage

/// The part of a file that one request sends.
struct FileSlice: Sendable {
    let source: SourceFile
    /// Bytes of the file.
    let range: Range<Int64>

    var count: Int64 { range.upperBound - range.lowerBound }

    init(_ source: SourceFile, _ range: Range<Int64>) {
        self.source = source
        self.range = range
    }

    /// All of a file.
    init(_ source: SourceFile) {
        self.init(source, 0..<source.stamp.bytes)
    }

    /// Reads the slice from its beginning in pieces, on the calling thread.
    ///
    /// - Parameter body: Gets the pieces in their order; each is gone when it returns.
    /// - Throws: `cancelled`; as ``SourceFile/read(into:at:limit:)``; what `body` throws.
    func forEachPiece(
        isCancelled: () -> Bool, _ body: (UnsafeRawBufferPointer) throws(ObjectStorageError) -> Void
    ) throws(ObjectStorageError) {
        // Small enough to be in a processor's second cache when its hash is taken.
        let size = Int(min(256 << 10, max(1, count)))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { unsafe buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            if isCancelled() { throw .cancelled }
            let read = try unsafe source.read(into: buffer, at: offset, limit: range.upperBound)
            try unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            offset += Int64(read)
        }
    }
}
