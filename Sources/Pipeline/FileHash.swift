import Crypto
package import SystemPackage

/// The hash of a file's bytes.
package enum FileHash {
    private static let pieceSize = 1 << 18

    /// Reads the whole file in pieces, from offset 0, wherever the descriptor stands.
    /// - Returns: 64 lower-case hexadecimal digits.
    /// - Throws: `CancellationError`; the error of reading.
    @concurrent
    package static func sha256(of file: FileDescriptor) async throws -> String {
        var hash = SHA256()
        try unsafe readPieces(of: file) { unsafe hash.update(bufferPointer: $0) }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }.joined()
    }

    /// Reads the whole file in pieces, from offset 0, wherever the descriptor stands, on the caller's thread.
    /// - Parameter body: gets each piece; its memory is used again for the next.
    /// - Throws: `CancellationError` where the task is cancelled; the error of reading.
    package static func readPieces(of file: FileDescriptor, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        var offset: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
        defer { unsafe buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = unsafe try file.read(fromAbsoluteOffset: offset, into: buffer)
            guard count > 0 else { return }
            unsafe body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
    }
}
