import Crypto
package import SystemPackage

/// The hash of a file's bytes.
package enum FileHash {
    /// Reads the whole file in pieces, from offset 0, wherever the descriptor stands.
    /// - Returns: 64 lower-case hexadecimal digits.
    /// - Throws: `CancellationError`; the error of reading.
    @concurrent
    package static func sha256(of file: FileDescriptor) async throws -> String {
        var hash = SHA256()
        var offset: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { unsafe buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = unsafe try file.read(fromAbsoluteOffset: offset, into: buffer)
            guard count > 0 else { break }
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += Int64(count)
        }
        return hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }.joined()
    }
}
