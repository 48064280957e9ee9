import MediaContract

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension OutputVerifier {
    /// Part of a window's own level by which the MP3 may miss it: 0.5 dB. At 320 kbit/s the quantisation noise lies
    /// some 20 dB below the music, which moves the level by 0.04 dB.
    private static let ownTolerance: Float = 0.06
    /// The same of the loudest level near: noise spreads to the other channel, and by the filterbank in front of an
    /// onset; and −34 dB of what LAME's lowpass takes away are still counted.
    private static let nearTolerance: Float = 0.03
    /// Level below which LAME may take the music for inaudible: −72 dBFS.
    private static let floor: Float = 0x1p-12

    /// What a track of one sample may miss, and one of a frame may not: a click has more above the lowpass than below.
    private static let clickTolerance: Float = 0.5
    /// Level beyond which nothing is compared: +12 dBFS, which floating point may hold and LAME limits.
    private static let ceiling: Float = 4

    /// - Throws: `verificationFailed` when the MP3 is louder or quieter at `window` than what went into it.
    static func compare(
        _ found: WindowLevel, with levels: [WindowLevel], at window: Int, of report: TranscodeReport
    ) throws(MediaFailure) {
        let wanted = levels[window]
        let near = levels[max(0, window - 1)...min(levels.count - 1, window + 1)].map { $0.full.max() }.max() ?? 0
        guard near <= ceiling else { return }
        let shortness = max(0, 1 - Float(report.sampleFrames) / Float(MP3Encoder.samplesPerFrame))
        for channel in 0..<report.channels {
            let tolerance =
                ownTolerance * wanted.low[channel] + (nearTolerance + clickTolerance * shortness) * near + floor
            guard !(abs(found.low[channel] - wanted.low[channel]) <= tolerance) else { continue }
            let time = seconds(Int64(window * LevelMeter.windowLength), report.sampleRate)
            throw MediaFailure(
                .verificationFailed,
                "the MP3 does not sound as the master from \(time) on: its channel \(channel + 1) has "
                    + "\(decibels(found.low[channel])) where the master has \(decibels(wanted.low[channel]))")
        }
    }

    private static func decibels(_ level: Float) -> String {
        guard level > 0 else { return "silence" }
        return "\((20 * log10(Double(level)) * 10).rounded() / 10) dBFS"
    }
}
