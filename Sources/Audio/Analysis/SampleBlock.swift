import CFFmpeg

/// Decoded samples of all channels as 32-bit floats, full scale ±1, a fixed number at a time: what every measurement
/// reads. Sixteen samples of one channel are one vector.
///
/// Integers of up to 24 bits and 32-bit floats are held exactly; of 32-bit integers and 64-bit floats the 24 most
/// significant bits, so that rounding stays 144 dB below the sample. What no converter can play, NaN and beyond
/// +96 dBFS, is taken for 0 and for that limit.
struct SampleBlock {
    typealias Vector = SIMD16<Float>

    static let width = Vector.scalarCount
    /// Vectors a channel.
    static let groups = 256
    /// Samples a channel.
    static let capacity = groups * width
    /// Vectors of the block before that stand in front of each channel's, for filters that look back.
    static let history = 2

    let channels: Int
    /// Samples a channel that are filled in; the rest is 0.
    private(set) var count = 0
    /// Samples a channel in all blocks before.
    private(set) var start: Int64 = 0
    private var vectors: [Vector]
    private var magnitudes: [Float]

    private static let stride = history + groups

    init(channels: Int) {
        self.channels = channels
        vectors = Array(repeating: .zero, count: channels * Self.stride)
        magnitudes = Array(repeating: 0, count: channels * Self.stride)
    }

    var isFull: Bool { count == Self.capacity }

    /// Vectors a channel that hold samples.
    var filledGroups: Int { (count + Self.width - 1) / Self.width }

    /// Samples `16 × group …` of a channel; groups from −2 on are the end of the block before.
    @inline(__always)
    func vector(_ channel: Int, _ group: Int) -> Vector { vectors[channel * Self.stride + Self.history + group] }

    /// The greatest magnitude in a group; known once the block is sealed.
    @inline(__always)
    func magnitude(_ channel: Int, _ group: Int) -> Float { magnitudes[channel * Self.stride + Self.history + group] }

    /// A channel's samples with the history in front, valid inside `body` only.
    @inline(__always)
    func withSamples<Result>(of channel: Int, _ body: (UnsafePointer<Float>) -> Result) -> Result? {
        unsafe vectors.withUnsafeBytes {
            unsafe $0.baseAddress.map {
                unsafe body(
                    $0.advanced(by: channel * Self.stride * MemoryLayout<Vector>.stride)
                        .assumingMemoryBound(to: Float.self))
            }
        }
    }

    /// Copies samples of `frame` from `offset` on behind those that are there, as many as fit.
    ///
    /// - Returns: samples a channel that were taken.
    mutating func fill(from frame: borrowing Frame, _ shape: SampleShape, offset: Int) -> Int {
        let taken = min(Self.capacity - count, frame.sampleCount - offset)
        guard taken > 0 else { return 0 }
        let filled = count
        let channels = channels
        unsafe vectors.withUnsafeMutableBytes { target in
            guard let base = target.baseAddress else { return }
            for channel in 0..<channels {
                let position = (channel * Self.stride + Self.history) * Self.width + filled
                unsafe frame.convert(
                    channel, of: shape, from: offset, count: taken,
                    to: base.assumingMemoryBound(to: Float.self).advanced(by: position))
            }
        }
        count += taken
        return taken
    }

    /// Ends the filling: the rest becomes 0, and the magnitudes are found.
    mutating func seal() {
        for channel in 0..<channels {
            let first = channel * Self.stride + Self.history
            if !isFull {
                for position in count..<Self.capacity {
                    vectors[first + position / Self.width][position % Self.width] = 0
                }
            }
            for index in first..<(first + Self.groups) {
                magnitudes[index] = Self.greatestMagnitude(vectors[index])
            }
        }
    }

    /// By halves, in registers: `SIMD16.max()` goes lane by lane.
    @inline(__always)
    private static func greatestMagnitude(_ vector: Vector) -> Float {
        let all = vector.replacing(with: -vector, where: vector .< .zero)
        let eight = all.lowHalf.replacing(with: all.highHalf, where: all.lowHalf .< all.highHalf)
        let four = eight.lowHalf.replacing(with: eight.highHalf, where: eight.lowHalf .< eight.highHalf)
        return max(max(four[0], four[1]), max(four[2], four[3]))
    }

    /// Empties the block; its last vectors become the history.
    mutating func advance() {
        start += Int64(count)
        count = 0
        for channel in 0..<channels {
            let first = channel * Self.stride
            for index in first..<(first + Self.history) {
                vectors[index] = vectors[index + Self.groups]
                magnitudes[index] = magnitudes[index + Self.groups]
            }
        }
    }
}
