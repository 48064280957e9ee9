import CFFmpeg
import MediaContract

/// FLAC's STREAMINFO block (RFC 9639 §8.2).
struct FLACStreamInfo: Sendable, Hashable {
    let bitsPerSample: Int
    /// Samples per channel; nil when the encoder did not know.
    let totalSamples: Int64?
    /// MD5 of the unencoded samples; nil when the encoder left it out.
    let md5: [UInt8]?

    /// Nil unless `block` has the block's 34 bytes.
    init?(_ block: [UInt8]) {
        guard block.count >= 34, let packed = block.bigEndian(at: 10, length: 8) else { return nil }
        bitsPerSample = Int((packed >> 36) & 31) + 1
        let total = Int64(packed & 0xF_FFFF_FFFF)
        totalSamples = total == 0 ? nil : total
        let digest = Array(block[18..<34])
        md5 = digest.allSatisfy { $0 == 0 } ? nil : digest
    }
}

/// Hashes decoded samples as FLAC's encoder did: interleaved, little-endian, signed, each in as many whole bytes as its
/// bits need (RFC 9639 §8.2).
@safe
struct SampleDigest: ~Copyable {
    private let pointer: OpaquePointer
    private let bitsPerSample: Int
    private var packed: [UInt8] = []

    /// Nil when there is no digest to compare with.
    ///
    /// - Throws: `library` when memory runs out.
    init?(verifying streamInfo: FLACStreamInfo?) throws(MediaFailure) {
        guard let streamInfo, streamInfo.md5 != nil else { return nil }
        guard let context = unsafe av_md5_alloc() else { throw .library("allocate a hash") }
        unsafe pointer = context
        bitsPerSample = streamInfo.bitsPerSample
        unsafe av_md5_init(pointer)
    }

    deinit {
        unsafe av_free(UnsafeMutableRawPointer(pointer))
    }

    /// Adds a frame of interleaved 16-bit or 32-bit samples; FFmpeg keeps the significant bits at the top.
    mutating func add(_ frame: borrowing Frame, _ shape: SampleShape) {
        let values = frame.sampleCount * shape.channels
        let width = shape.bytesPerSample
        let bytesKept = (bitsPerSample + 7) / 8
        let shift = width * 8 - bitsPerSample
        unsafe frame.withPointer { frame in
            guard let data = unsafe frame.pointee.extended_data[0] else { return }
            if shift == 0 {
                unsafe av_md5_update(pointer, data, values * width)
                return
            }
            let samples = unsafe UnsafeRawBufferPointer(start: data, count: values * width)
            packed.removeAll(keepingCapacity: true)
            packed.reserveCapacity(values * bytesKept)
            for index in 0..<values {
                let value =
                    width == 2
                    ? Int32(unsafe samples.loadUnaligned(fromByteOffset: index * 2, as: Int16.self)) >> Int32(shift)
                    : unsafe samples.loadUnaligned(fromByteOffset: index * 4, as: Int32.self) >> Int32(shift)
                for byte in 0..<bytesKept { packed.append(UInt8(truncatingIfNeeded: value >> Int32(8 * byte))) }
            }
            unsafe packed.withUnsafeBufferPointer { unsafe av_md5_update(pointer, $0.baseAddress, $0.count) }
        }
    }

    /// The digest of everything added; nothing may be added afterwards.
    func finish() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            unsafe av_md5_final(pointer, buffer.baseAddress)
            count = 16
        }
    }
}
