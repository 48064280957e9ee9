import MediaContract

/// How loud one window of the track is, a channel each; full scale is 1. Of a mono track only the first is used.
struct WindowLevel: Sendable, Hashable {
    /// Root of the mean square.
    var full: SIMD2<Float>
    /// The same behind a filter that takes away what an MP3 may lose: the octave of the highest frequencies.
    var low: SIMD2<Float>
    /// The largest sample of both, without its sign.
    var peak: Float = 0
}

/// Measures the levels of samples in windows of a fixed length.
struct LevelMeter {
    /// A window's samples per channel: segments begin with one, whatever their number.
    static let windowLength = SegmentPlan.paddingCycle * MP3Encoder.samplesPerFrame

    private typealias Vector = SIMD16<Float>

    private let shape: SampleShape
    /// Each channel's samples of the window under way, between a sample of silence in front and some behind.
    private var buffers: [[Float]]
    private var filled = 0
    private var windows: [WindowLevel] = []

    /// - Parameter shape: of all frames; at most two channels.
    init(_ shape: SampleShape) {
        self.shape = shape
        let length = 1 + Self.windowLength + Vector.scalarCount + 1
        buffers = Array(repeating: Array(repeating: 0, count: length), count: shape.channels)
    }

    /// Takes the samples of `frame` from `offset` on.
    mutating func add(_ frame: borrowing Frame, from offset: Int = 0) {
        var offset = offset
        while offset < frame.sampleCount {
            let count = min(frame.sampleCount - offset, Self.windowLength - filled)
            for channel in buffers.indices {
                unsafe buffers[channel].withUnsafeMutableBufferPointer { buffer in
                    guard let base = buffer.baseAddress else { return }
                    unsafe frame.convert(channel, of: shape, from: offset, count: count, to: base + 1 + filled)
                }
            }
            filled += count
            offset += count
            if filled == Self.windowLength { endWindow() }
        }
    }

    /// The levels of all windows since the last call.
    ///
    /// - Parameter partial: the window under way is the last one, and ends here.
    mutating func take(partial: Bool = true) -> [WindowLevel] {
        if partial, filled > 0 { endWindow() }
        defer { windows = [] }
        return windows
    }

    private mutating func endWindow() {
        var level = WindowLevel(full: .zero, low: .zero)
        for channel in buffers.indices {
            for index in (1 + filled)..<min(buffers[channel].count, 1 + filled + Vector.scalarCount + 1) {
                buffers[channel][index] = 0
            }
            let peak: Float
            (level.full[channel], level.low[channel], peak) = Self.level(of: buffers[channel], count: filled)
            level.peak = max(level.peak, peak)
        }
        windows.append(level)
        filled = 0
    }

    /// The filter is (x[n−1] + 2 x[n] + x[n+1]) ÷ 4, which has cos² of π f ÷ rate: −1.5 dB at 5 kHz, −34 dB at 20.1
    /// kHz, where LAME's lowpass begins at 44.1 kHz.
    private static func level(of samples: [Float], count: Int) -> (full: Float, low: Float, peak: Float) {
        var full = Vector.zero
        var highest = Vector.zero
        var low = Vector.zero
        unsafe samples.withUnsafeBytes { bytes in
            let width = MemoryLayout<Float>.stride
            for index in stride(from: 1, to: 1 + count, by: Vector.scalarCount) {
                let before = unsafe bytes.loadUnaligned(fromByteOffset: (index - 1) * width, as: Vector.self)
                let here = unsafe bytes.loadUnaligned(fromByteOffset: index * width, as: Vector.self)
                let behind = unsafe bytes.loadUnaligned(fromByteOffset: (index + 1) * width, as: Vector.self)
                let filtered = (before + behind) * 0.25 + here * 0.5
                full += here * here
                highest.replace(with: here * here, where: here * here .> highest)
                low += filtered * filtered
            }
        }
        let scale = 1 / Float(max(1, count))
        return ((full.sum() * scale).squareRoot(), (low.sum() * scale).squareRoot(), highest.max().squareRoot())
    }
}
