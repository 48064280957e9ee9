import CFFmpeg

/// How many bits of the samples carry anything.
struct BitDepthMeter {
    private let format: AVSampleFormat
    /// All bits that were set in any sample; integers only.
    private var bits: UInt32 = 0
    /// Every sample so far is a multiple of 2⁻¹⁵ or 2⁻²³; floating point only.
    private var fits16 = true
    private var fits24 = true

    init(_ shape: SampleShape) { format = av_get_packed_sample_fmt(shape.format) }

    /// Adds the bytes of samples in whatever order of channels.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        switch format {
        case AV_SAMPLE_FMT_U8:
            bits |= unsafe Self.union(bytes, UInt8.self, flipping: 0x80)
        case AV_SAMPLE_FMT_S16 where bits & 1 == 0:
            bits |= unsafe Self.union(bytes, UInt16.self)
        case AV_SAMPLE_FMT_S32 where bits & 1 == 0:
            bits |= unsafe Self.union(bytes, UInt32.self)
        case AV_SAMPLE_FMT_FLT where fits24:
            unsafe addFloats(bytes, Float.self)
        case AV_SAMPLE_FMT_DBL where fits24:
            unsafe addFloats(bytes, Double.self)
        default:
            break
        }
    }

    /// Bits from the top down to the lowest that was ever set; nil for digital silence, and for floating point that is
    /// no integer in disguise.
    var effectiveBits: Int? {
        switch format {
        case AV_SAMPLE_FMT_FLT, AV_SAMPLE_FMT_DBL: hasSound ? (fits16 ? 16 : fits24 ? 24 : nil) : nil
        case AV_SAMPLE_FMT_U8: bits == 0 ? nil : 8 - bits.trailingZeroBitCount
        case AV_SAMPLE_FMT_S16: bits == 0 ? nil : 16 - bits.trailingZeroBitCount
        default: bits == 0 ? nil : 32 - bits.trailingZeroBitCount
        }
    }

    private var hasSound = false

    private static func union<Word: FixedWidthInteger & UnsignedInteger>(
        _ bytes: UnsafeRawBufferPointer, _: Word.Type, flipping: Word = 0
    ) -> UInt32 {
        var union: Word = 0
        let words = unsafe bytes.assumingMemoryBound(to: Word.self)
        for index in 0..<words.count { unsafe union |= words[index] ^ flipping }
        return UInt32(truncatingIfNeeded: union)
    }

    private mutating func addFloats<Sample: BinaryFloatingPoint>(
        _ bytes: UnsafeRawBufferPointer, _: Sample.Type
    ) {
        let samples = unsafe bytes.assumingMemoryBound(to: Sample.self)
        for index in 0..<samples.count {
            let sample = unsafe samples[index]
            if sample != 0 { hasSound = true }
            let steps = sample * 0x1p15
            if fits16, steps != steps.rounded(.towardZero) { fits16 = false }
            if !fits16 {
                let fine = sample * 0x1p23
                if fine != fine.rounded(.towardZero) {
                    fits24 = false
                    return
                }
            }
        }
    }
}
