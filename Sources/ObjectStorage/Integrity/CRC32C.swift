import CISAL
import FoundationEssentials

/// The CRC of 32 bits by Castagnoli's polynomial (RFC 3720, appendix B.4), by ISA-L at the speed of memory. S3 knows it
/// as `x-amz-checksum-crc32c`.
struct CRC32C: Sendable, Hashable {
    private(set) var value: UInt32 = 0

    init() {}

    /// nil for anything but four bytes in base64.
    init?(base64 text: String) {
        guard let bytes = Data(base64Encoded: text), bytes.count == 4 else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        // ISA-L counts in 32 bits, and takes the bytes as changeable, which it does not do.
        for start in stride(from: 0, to: bytes.count, by: 1 << 30) {
            let piece = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + (1 << 30))])
            guard let address = piece.baseAddress else { continue }
            let pointer = unsafe UnsafeMutableRawPointer(mutating: address).assumingMemoryBound(to: UInt8.self)
            value = unsafe ~crc32_iscsi(pointer, Int32(piece.count), ~value)
        }
    }

    /// As S3 writes it: the four bytes, the highest first, in base64.
    var base64: String {
        Data(bytes).base64EncodedString()
    }

    /// Of the whole of several parts as S3 reckons it: the CRC of the parts' own ones, and how many they are (AWS,
    /// "Checking object integrity", composite checksums).
    static func composite(of parts: [CRC32C]) -> String {
        var all = CRC32C()
        for part in parts { unsafe part.bytes.withUnsafeBytes { unsafe all.update($0) } }
        return "\(all.base64)-\(parts.count)"
    }

    private var bytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
}
