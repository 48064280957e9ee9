import Crypto

/// SHA-256 of the samples as they were decoded; see `AudioAnalysis.samplesSHA256`.
///
/// BoringSSL's is used rather than libavutil's: it uses the processor's SHA instructions.
struct SampleHash {
    private var hash = SHA256()

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        unsafe hash.update(bufferPointer: bytes)
    }

    /// 64 lower-case hexadecimal digits.
    func finish() -> String {
        hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }.joined()
    }
}
