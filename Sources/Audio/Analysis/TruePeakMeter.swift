#if canImport(Glibc)
    import Glibc
#endif

/// The greatest magnitude between the samples of each channel, by oversampling (ITU-R BS.1770-4 Annex 2): four times
/// below 96 kHz, twice below 192 kHz, not at all from there on.
///
/// The interpolator is a sinc under a Hann window over 12 samples (oversampling twice: 24), as in libebur128, so that
/// readings agree with it. It only runs where it can matter: an interpolated value is at most the greatest of the
/// samples it is made of times the sum of the coefficients' magnitudes, so sixteen samples whose bound does not
/// exceed what was already found are passed over. That is exact, not an estimate.
struct TruePeakMeter {
    private typealias Half = SIMD8<Float>

    /// Coefficients of the values between two samples, newest sample first; the values on a sample are the samples.
    private let phases: [[Float]]
    /// Most that a value between samples can exceed the samples around by, rounding included.
    private let gain: Float
    /// The greatest magnitude of each channel, the samples themselves left out.
    private(set) var peaks: [Float]

    /// Taps of the interpolator at the oversampled rate, its ends left out, where the window is 0.
    private static let taps = 49

    init(sampleRate: Int, channels: Int) {
        let factor = sampleRate < 96_000 ? 4 : sampleRate < 192_000 ? 2 : 1
        phases = (1..<max(1, factor)).map { Self.phase($0, of: factor) }
        gain = (phases.map { $0.reduce(0) { $0 + abs($1) } }.max() ?? 0) * 1.000_01
        peaks = Array(repeating: 0, count: channels)
    }

    private static func phase(_ phase: Int, of factor: Int) -> [Float] {
        stride(from: phase, to: taps, by: factor).map { tap in
            let x = (Double(tap) - Double(taps - 1) / 2) * .pi / Double(factor)
            let window = 0.5 * (1 - cos(2 * .pi * Double(tap) / Double(taps - 1)))
            return Float((x == 0 ? 1 : sin(x) / x) * window)
        }
    }

    mutating func add(_ block: SampleBlock) {
        guard !phases.isEmpty else { return }
        let lookBack = phases[0].count > SampleBlock.width ? 2 : 1
        for channel in peaks.indices {
            var peak = peaks[channel]
            for group in 0..<block.filledGroups {
                var nearby = max(block.magnitude(channel, group), block.magnitude(channel, group - 1))
                if lookBack == 2 { nearby = max(nearby, block.magnitude(channel, group - 2)) }
                guard nearby * gain > peak else { continue }
                let left = block.count - group * SampleBlock.width
                peak = max(peak, interpolate(block, channel, group, valid: left))
            }
            peaks[channel] = peak
        }
    }

    /// The greatest magnitude between the samples that end with each of the first `valid` of a group.
    private func interpolate(_ block: SampleBlock, _ channel: Int, _ group: Int, valid: Int) -> Float {
        unsafe block.withSamples(of: channel) { samples in
            let newest = unsafe UnsafeRawPointer(samples + (SampleBlock.history + group) * SampleBlock.width)
            var greatest = Half.zero
            for phase in phases {
                var low = Half.zero
                var high = Half.zero
                for tap in phase.indices {
                    let offset = -4 * tap
                    let coefficient = Half(repeating: phase[tap])
                    unsafe low += newest.loadUnaligned(fromByteOffset: offset, as: Half.self) * coefficient
                    unsafe high += newest.loadUnaligned(fromByteOffset: offset + 32, as: Half.self) * coefficient
                }
                if valid < SampleBlock.width {
                    for lane in 0..<8 {
                        if lane >= valid { low[lane] = 0 }
                        if lane + 8 >= valid { high[lane] = 0 }
                    }
                }
                for values in [low, high] {
                    let magnitude = values.replacing(with: -values, where: values .< .zero)
                    greatest = greatest.replacing(with: magnitude, where: greatest .< magnitude)
                }
            }
            return greatest.max()
        } ?? 0
    }
}
