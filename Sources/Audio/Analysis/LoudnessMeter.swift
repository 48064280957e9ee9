import CEbur128
import MediaContract

/// Measures loudness by EBU R 128. libebur128 filters and sums the energy of every 10 ms; the windows of 0.4 s and 3 s
/// are means of those sums, so that each sample is added up once. Owns an `ebur128_state`.
@safe
struct LoudnessMeter: ~Copyable {
    private let pointer: UnsafeMutablePointer<ebur128_state>
    private let channels: Int
    /// Samples a channel in 100 ms, as libebur128 counts them.
    private let hop: Int
    /// Samples a channel in the 10 ms that the maxima are looked for by.
    private let step: Int
    private var untilStep: Int
    /// Steps left of these 100 ms.
    private var stepsLeft = LoudnessWindows.stepsPerHop
    private var windows = LoudnessWindows()
    private var interleaved: [Float]

    /// - Throws: `library` when memory runs out.
    init(_ shape: SampleShape) throws(MediaFailure) {
        guard
            let state = unsafe ebur128_init(
                UInt32(shape.channels), UInt(shape.sampleRate), Int32(EBUR128_MODE_M.rawValue))
        else { throw .library("allocate a loudness meter") }
        unsafe pointer = state
        channels = shape.channels
        hop = shape.sampleRate / 10
        step = hop / LoudnessWindows.stepsPerHop
        untilStep = step
        interleaved = Array(repeating: 0, count: shape.channels * SampleBlock.capacity)
        for (index, speaker) in SpeakerWeight.channels(of: shape.layout).enumerated() {
            unsafe ebur128_set_channel(pointer, UInt32(index), Int32(speaker.rawValue))
        }
    }

    deinit {
        var state: UnsafeMutablePointer<ebur128_state>? = unsafe pointer
        unsafe ebur128_destroy(&state)
    }

    /// - Throws: `library` when memory runs out.
    mutating func add(_ block: SampleBlock) throws(MediaFailure) {
        interleave(block)
        var position = 0
        while position < block.count {
            let count = min(untilStep, block.count - position)
            let status = unsafe interleaved.withUnsafeBufferPointer { [channels] samples in
                unsafe samples.baseAddress.map {
                    unsafe ebur128_add_frames_float(pointer, $0 + position * channels, count)
                } ?? 0
            }
            guard status == 0 else { throw .library("measure loudness") }
            position += count
            untilStep -= count
            if untilStep == 0 { finishStep() }
        }
    }

    private mutating func finishStep() {
        stepsLeft -= 1
        if stepsLeft > 0 {
            windows.add(step: energy(milliseconds: 10))
        } else {
            windows.endHop(energy: energy(milliseconds: 100))
            stepsLeft = LoudnessWindows.stepsPerHop
        }
        untilStep = stepsLeft == 1 ? hop - step * (LoudnessWindows.stepsPerHop - 1) : step
    }

    var measurement: LoudnessMeasurement { windows.measurement }

    /// Mean square of what came last, filtered and weighted by channel.
    private func energy(milliseconds: UInt) -> Double {
        var loudness = 0.0
        unsafe ebur128_loudness_window(pointer, milliseconds, &loudness)
        return loudness.isFinite ? LoudnessHistogram.energy(loudness) : 0
    }

    private mutating func interleave(_ block: SampleBlock) {
        for channel in 0..<channels {
            unsafe interleaved.withUnsafeMutableBufferPointer { [channels] target in
                guard let base = target.baseAddress else { return }
                _ = unsafe block.withSamples(of: channel) { source in
                    let first = unsafe source + SampleBlock.history * SampleBlock.width
                    for index in 0..<block.count { unsafe base[index &* channels &+ channel] = first[index] }
                }
            }
        }
    }
}

/// BS.1770-4 Annex 1, Table 3 and Annex 3: which channel counts how much.
enum SpeakerWeight {
    /// libebur128's channels for a layout: left and right 1, surrounds at ±60° to ±120° 1.41, LFE 0, all others 1.
    static func channels(of layout: ChannelLayout) -> [channel] {
        guard layout.mask != 0 else { return Array(repeating: EBUR128_LEFT, count: layout.channels) }
        let hasSides = layout.mask & sides != 0
        return (0..<64).filter { layout.mask >> $0 & 1 != 0 }.map { bit in
            switch bit {
            // Low-frequency effects, one and two.
            case 3, 35: EBUR128_UNUSED
            case 9: EBUR128_LEFT_SURROUND
            case 10: EBUR128_RIGHT_SURROUND
            // Where there are no side speakers, those at the back are the surrounds of 5.1, at ±110°.
            case 4: hasSides ? EBUR128_Mp135 : EBUR128_LEFT_SURROUND
            case 5: hasSides ? EBUR128_Mm135 : EBUR128_RIGHT_SURROUND
            default: EBUR128_LEFT
            }
        }
    }

    /// AV_CH_SIDE_LEFT and AV_CH_SIDE_RIGHT (libavutil/channel_layout.h).
    private static let sides: UInt64 = 1 << 9 | 1 << 10
}
