import CFFmpeg
import MediaContract

#if canImport(Glibc)
    import Glibc
#endif

/// Averages the spectrum of short stretches, four a second, and finds where it ends. Owns an `AVTXContext`.
///
/// A stretch is as long as a block and lies within one. Two real channels make one complex signal: the sum of both
/// channels' power at a frequency is half the sum of the complex spectrum's there and at its mirror image.
@safe
struct SpectrumMeter: ~Copyable {
    private static let length = SampleBlock.capacity

    private let pointer: OpaquePointer
    private let transform: av_tx_fn
    private let sampleRate: Int
    /// Samples between the starts of two stretches.
    private let spacing: Int64
    private var next: Int64 = 0
    private let window: [Float]
    private var signal: [AVComplexFloat]
    private var spectrum: [AVComplexFloat]
    private var power: [Double]
    /// Sum of the squares of each stretch's power.
    private var squares: [Double]
    private var stretches = 0

    /// - Throws: `library` when memory runs out.
    init(_ shape: SampleShape) throws(MediaFailure) {
        var context: OpaquePointer?
        var function: av_tx_fn?
        let status = unsafe av_tx_init(
            &context, &function, AV_TX_FLOAT_FFT, 0, Int32(Self.length), nil, UInt64(AV_TX_UNALIGNED.rawValue))
        try check(status, "set up a Fourier transform")
        guard let context = unsafe context, let function = unsafe function else {
            throw .library("set up a Fourier transform")
        }
        unsafe pointer = context
        unsafe transform = function
        sampleRate = shape.sampleRate
        spacing = Int64(shape.sampleRate / 4)
        // Von Hann's: its side lobes fall fast enough to show 90 dB of difference a few bins away.
        window = (0..<Self.length).map {
            Float(0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(Self.length)))
        }
        signal = Array(repeating: AVComplexFloat(re: 0, im: 0), count: Self.length)
        spectrum = signal
        power = Array(repeating: 0, count: Self.length / 2)
        squares = power
    }

    deinit {
        var context: OpaquePointer? = unsafe pointer
        unsafe av_tx_uninit(&context)
    }

    mutating func add(_ block: SampleBlock) {
        guard block.isFull, block.start >= next else { return }
        next = block.start + spacing
        stretches += 1
        for first in stride(from: 0, to: block.channels, by: 2) {
            load(block, first)
            transformSignal()
            for bin in 1..<(Self.length / 2) {
                let pair = Self.magnitude(spectrum[bin]) + Self.magnitude(spectrum[Self.length - bin])
                power[bin] += pair
                squares[bin] += pair * pair
            }
        }
    }

    /// nil without a stretch, and for digital silence.
    var measurement: SpectrumMeasurement? {
        guard stretches > 0, power.contains(where: { $0 > 0 }) else { return nil }
        return CutoffFinder(
            power: power, squares: squares, stretches: stretches, binWidth: Double(sampleRate) / Double(Self.length)
        ).measurement
    }

    private mutating func load(_ block: SampleBlock, _ first: Int) {
        let second = first + 1 < block.channels
        for group in 0..<SampleBlock.groups {
            let real = block.vector(first, group)
            let imaginary = second ? block.vector(first + 1, group) : .zero
            for lane in 0..<SampleBlock.width {
                let index = group * SampleBlock.width + lane
                signal[index] = AVComplexFloat(re: real[lane] * window[index], im: imaginary[lane] * window[index])
            }
        }
    }

    private mutating func transformSignal() {
        unsafe signal.withUnsafeMutableBytes { source in
            unsafe spectrum.withUnsafeMutableBytes { target in
                unsafe transform(pointer, target.baseAddress, source.baseAddress, MemoryLayout<AVComplexFloat>.stride)
            }
        }
    }

    private static func magnitude(_ value: AVComplexFloat) -> Double {
        Double(value.re * value.re + value.im * value.im)
    }
}
