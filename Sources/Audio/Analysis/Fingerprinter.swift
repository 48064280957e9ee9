import CChromaprint
import MediaContract

/// Chromaprint's fingerprint of the first two minutes, as `fpcalc` takes it. Owns a `ChromaprintContext`.
@safe
struct Fingerprinter: ~Copyable {
    /// `fpcalc -length`'s default in seconds.
    private static let length = 120

    private let pointer: OpaquePointer
    private let channels: Int
    private let sampleRate: Int
    /// Samples a channel still to take.
    private var left: Int
    private var samples: [Int16]

    /// - Throws: `library` when memory runs out or Chromaprint refuses the shape.
    init(_ shape: SampleShape) throws(MediaFailure) {
        let fingerprinter = try Fingerprinter(allocating: shape)
        guard
            unsafe chromaprint_start(fingerprinter.pointer, Int32(shape.sampleRate), Int32(shape.channels)) == 1
        else {
            throw MediaFailure(
                .library, "could not start a fingerprint of \(shape.channels) channels at \(shape.sampleRate) Hz")
        }
        self = fingerprinter
    }

    /// Only holds the context, so that whatever fails afterwards frees it.
    private init(allocating shape: SampleShape) throws(MediaFailure) {
        guard let context = unsafe chromaprint_new(Int32(CHROMAPRINT_ALGORITHM_DEFAULT.rawValue)) else {
            throw .library("allocate a fingerprint")
        }
        unsafe pointer = context
        channels = shape.channels
        sampleRate = shape.sampleRate
        left = Self.length * shape.sampleRate
        samples = []
    }

    deinit {
        unsafe chromaprint_free(pointer)
    }

    /// - Throws: `library` when memory runs out.
    mutating func add(_ block: SampleBlock) throws(MediaFailure) {
        let count = min(block.count, left)
        guard count > 0 else { return }
        left -= count
        if samples.isEmpty { samples = Array(repeating: 0, count: channels * SampleBlock.capacity) }
        for channel in 0..<channels { quantize(block, channel, count) }
        let fed = unsafe samples.withUnsafeBufferPointer { [channels] in
            unsafe chromaprint_feed(pointer, $0.baseAddress, Int32(count * channels))
        }
        guard fed == 1 else { throw .library("fingerprint the audio") }
    }

    /// Writes a channel's first `count` samples in 16 bits, rounded to the nearest.
    private mutating func quantize(_ block: SampleBlock, _ channel: Int, _ count: Int) {
        unsafe samples.withUnsafeMutableBufferPointer { [channels] target in
            guard let base = target.baseAddress else { return }
            _ = unsafe block.withSamples(of: channel) { source in
                let first = unsafe source + SampleBlock.history * SampleBlock.width
                for index in 0..<count {
                    let steps = unsafe max(-32_768, min(32_767, first[index] * 32_768))
                    // Truncation of a positive number is the one rounding every processor has.
                    unsafe base[index &* channels &+ channel] = Int16(
                        truncatingIfNeeded: Int32(steps + 32_768.5) &- 32_768)
                }
            }
        }
    }

    /// nil where the audio is too short for a fingerprint.
    ///
    /// - Throws: `library` when memory runs out.
    consuming func finish() throws(MediaFailure) -> AudioFingerprint? {
        guard unsafe chromaprint_finish(pointer) == 1 else { throw .library("finish the fingerprint") }
        var size: Int32 = 0
        guard unsafe chromaprint_get_raw_fingerprint_size(pointer, &size) == 1, size > 0 else { return nil }
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe chromaprint_get_fingerprint(pointer, &text) == 1, let text = unsafe text else {
            throw .library("encode the fingerprint")
        }
        defer { unsafe chromaprint_dealloc(text) }
        let compressed = unsafe String(cString: text)
        return AudioFingerprint(
            compressed: compressed, items: try Self.decode(compressed),
            algorithm: Int(CHROMAPRINT_ALGORITHM_DEFAULT.rawValue),
            duration: Double(Self.length) - Double(left) / Double(sampleRate))
    }
}

extension Fingerprinter {
    /// The share of bits in which two compressed fingerprints agree, over the shorter: unrelated audio has about one
    /// half.
    ///
    /// - Throws: `library` when either is no fingerprint.
    static func agreement(_ left: String, _ right: String) throws(MediaFailure) -> Double {
        let pairs = zip(try decode(left), try decode(right)).map { ($0 ^ $1).nonzeroBitCount }
        return pairs.isEmpty ? 0 : 1 - Double(pairs.reduce(0, +)) / Double(pairs.count * UInt32.bitWidth)
    }

    private static func decode(_ text: String) throws(MediaFailure) -> [UInt32] {
        var values: UnsafeMutablePointer<UInt32>?
        var size: Int32 = 0
        var algorithm: Int32 = 0
        let isDecoded = unsafe chromaprint_decode_fingerprint(
            text, Int32(text.utf8.count), &values, &size, &algorithm, 1)
        guard isDecoded == 1, let values = unsafe values else {
            throw MediaFailure(.library, "a fingerprint cannot be decoded")
        }
        defer { unsafe chromaprint_dealloc(values) }
        return unsafe Array(UnsafeBufferPointer(start: values, count: Int(size)))
    }
}
