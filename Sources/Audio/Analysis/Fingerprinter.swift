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
        samples.removeAll(keepingCapacity: true)
        for index in 0..<count {
            for channel in 0..<channels {
                let sample = block.vector(channel, index / SampleBlock.width)[index % SampleBlock.width]
                samples.append(Int16(max(-32_768, min(32_767, (sample * 32_768).rounded()))))
            }
        }
        let fed = unsafe samples.withUnsafeBufferPointer {
            unsafe chromaprint_feed(pointer, $0.baseAddress, Int32($0.count))
        }
        guard fed == 1 else { throw .library("fingerprint the audio") }
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
        return AudioFingerprint(
            compressed: unsafe String(cString: text), algorithm: Int(CHROMAPRINT_ALGORITHM_DEFAULT.rawValue),
            duration: Double(Self.length) - Double(left) / Double(sampleRate))
    }
}
