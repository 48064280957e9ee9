import CFFmpeg
import MediaContract

/// Counts floating-point samples that are no number or infinite. They are measured as 0 and as the limit of what is
/// measured (`SampleBlock`), so that nothing else would show them.
struct NonFiniteCounter {
    private let format: AVSampleFormat
    private let channels: Int
    private var measurement = NonFiniteMeasurement()
    /// Samples of all channels before the frame at hand.
    private var position: Int64 = 0

    init(_ shape: SampleShape) {
        format = av_get_packed_sample_fmt(shape.format)
        channels = shape.channels
    }

    /// Adds interleaved samples.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        switch format {
        case AV_SAMPLE_FMT_FLT: unsafe add(bytes, UInt32.self, exponent: 0x7F80_0000)
        case AV_SAMPLE_FMT_DBL: unsafe add(bytes, UInt64.self, exponent: 0x7FF0_0000_0000_0000)
        default: break
        }
    }

    func finish() -> NonFiniteMeasurement { measurement }

    /// IEEE 754 §3.4: all bits of the exponent are set in infinities and NaNs, and in nothing else.
    @inline(__always)
    private mutating func add<Word: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _: Word.Type, exponent: Word
    ) {
        let words = unsafe bytes.assumingMemoryBound(to: Word.self)
        var found: Word = 0
        for index in 0..<words.count { unsafe found &+= words[index] & exponent == exponent ? 1 : 0 }
        if found > 0 {
            if measurement.first == nil {
                let index = unsafe words.firstIndex { $0 & exponent == exponent } ?? 0
                measurement.first = (position + Int64(index)) / Int64(channels)
            }
            measurement.count += Int64(found)
        }
        position += Int64(words.count)
    }
}
