/// Which sample rate a master gets in the MP3.
///
/// 320 kbit/s exists in MPEG-1 Layer III only (ISO/IEC 11172-3 §2.4.2.3), that is at 32, 44.1 and 48 kHz.
///
/// | master, Hz | MP3, Hz | reason |
/// | --- | --- | --- |
/// | 32,000 · 44,100 · 48,000 | the same | nothing is resampled that need not be |
/// | 88,200 · 176,400 · 352,800 · 705,600 | 44,100 | whole-number ratio |
/// | 96,000 · 192,000 · 384,000 · 768,000 | 48,000 | whole-number ratio |
/// | 11,025 · 22,050 | 44,100 | whole-number ratio |
/// | 8,000 · 12,000 · 16,000 · 24,000 | 48,000 | whole-number ratio; more players and shops take 48 than 32 kHz |
/// | any other | the nearest of the three that is not lower, at most 48,000 | no audible band is cut off |
enum RateTable {
    private static let mpeg1Rates = [32_000, 44_100, 48_000]

    /// The MP3's rate for a master of `rate` samples a second.
    static func outputRate(for rate: Int) -> Int {
        if mpeg1Rates.contains(rate) { return rate }
        for family in [44_100, 48_000] where rate % family == 0 || family % rate == 0 {
            return family
        }
        return mpeg1Rates.first { $0 >= rate } ?? 48_000
    }

    /// Samples of the output for `count` samples of the input: ⌈count × output ÷ input⌉, which is how many of the
    /// output's sampling instants lie before the end of the last input sample.
    static func outputCount(_ count: Int64, from input: Int, to output: Int) -> Int64 {
        // Split, so that no product of a long file's count overflows.
        let (input, output) = (Int64(input), Int64(output))
        let (seconds, rest) = count.quotientAndRemainder(dividingBy: input)
        return seconds * output + (rest * output + input - 1) / input
    }
}
