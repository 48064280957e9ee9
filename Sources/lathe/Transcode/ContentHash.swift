import CXXHash
import Pipeline
import SystemPackage

/// By which a file is known again: XXH3 of 128 bits, in as little memory as it needs, since a batch holds many. Written
/// as 32 lower-case hexadecimal digits.
///
/// It tells files apart, as rsync's does, at a thirtieth of what a SHA-256 costs a processor without instructions for
/// it. It is no proof against somebody who makes two files on purpose: what is published has its SHA-256 besides.
struct ContentHash: Sendable, Hashable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// - Returns: nil for anything but 32 hexadecimal digits.
    init?(hexadecimal text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        (self.high, self.low) = (high, low)
    }

    /// Reads a file from its beginning, wherever the descriptor stands.
    /// - Throws: `CancellationError`; `Errno`.
    @concurrent
    init(of file: FileDescriptor) async throws {
        let state = try HashState()
        try unsafe FileHash.readPieces(of: file) { unsafe state.add($0) }
        (high, low) = state.value
    }

    init(of text: String) {
        var text = text
        let value = text.withUTF8 { unsafe XXH3_128bits($0.baseAddress, $0.count) }
        (high, low) = (value.high64, value.low64)
    }

    var description: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Owns an `XXH3_state_t`.
@safe
private struct HashState: ~Copyable {
    private let pointer: OpaquePointer

    /// - Throws: `Errno.noMemory`.
    init() throws(Errno) {
        guard let state = unsafe XXH3_createState() else { throw .noMemory }
        unsafe pointer = state
        unsafe XXH3_128bits_reset(state)
    }

    deinit {
        unsafe XXH3_freeState(pointer)
    }

    func add(_ bytes: UnsafeRawBufferPointer) {
        // Fails for a missing state or missing bytes only.
        unsafe XXH3_128bits_update(pointer, bytes.baseAddress, bytes.count)
    }

    var value: (high: UInt64, low: UInt64) {
        let value = unsafe XXH3_128bits_digest(pointer)
        return (value.high64, value.low64)
    }
}

extension ContentHash: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let hash = ContentHash(hexadecimal: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no XXH3 of 128 bits")
        }
        self = hash
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
