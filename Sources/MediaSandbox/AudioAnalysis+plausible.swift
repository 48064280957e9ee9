import MediaContract

extension AudioAnalysis {
    /// The measurements are such as a file of this shape can have, so that whoever computes with them, draws them or
    /// stores them needs no further check: no number is NaN, infinite or absurd, no list longer than its limit or of
    /// another length than its companions, no span outside the audio.
    ///
    /// - Parameter inspection: of the same file, itself plausible.
    func isPlausible(for inspection: AudioInspection) -> Bool {
        let frames = inspection.sampleFrames
        let rate = inspection.format.sampleRate
        return channels.count == inspection.format.channels && channels.allSatisfy(\.isPlausible)
            && stereo?.isPlausible ?? (channels.count == 1)
            && clipping.isPlausible(frames: frames, channels: channels.count) && silence.isPlausible(frames: frames)
            && nonFinite.isPlausible(frames: frames, channels: channels.count)
            && (1...32).contains(effectiveBits ?? 16) && spectrum?.isPlausible(rate: rate) ?? true
            && waveform.isPlausible(frames: frames, rate: rate)
            && overview.isPlausible(frames: frames, channels: channels.count)
            && samplesSHA256.utf8.count == 64 && samplesSHA256.utf8.allSatisfy(hexadecimal.contains)
            && fingerprint?.isPlausible ?? true && loudness.isPlausible
    }
}

/// Decibels of any kind. Samples are cut at 65,536 times full scale, +96 dB; the mean of 64 channels and the filter of
/// BS.1770 can add some. Below, 64-bit floats end at −6,500 dB, 32-bit floats at −900.
private let decibels = -7000.0...200.0

private let hexadecimal = Set("0123456789abcdef".utf8)
/// RFC 4648 §5.
private let base64 = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

extension Double? {
    /// NaN is in no range.
    fileprivate func isAbsent(orIn range: ClosedRange<Double>) -> Bool { map(range.contains) ?? true }
}

extension ChannelLevels {
    fileprivate var isPlausible: Bool {
        samplePeak.isAbsent(orIn: decibels) && truePeak.isAbsent(orIn: decibels) && rms.isAbsent(orIn: decibels)
            && (-65_536...65_536).contains(dcOffset)
    }
}

extension ChannelRelation {
    fileprivate var isPlausible: Bool { correlation.isAbsent(orIn: -1...1) }
}

extension SampleSpan {
    fileprivate func lies(in frames: Int64) -> Bool {
        (0...frames).contains(start) && count > 0 && count <= frames - start
    }
}

extension ClippingMeasurement {
    fileprivate func isPlausible(frames: Int64, channels: Int) -> Bool {
        Int64(runCount) >= Int64(firstRuns.count) && Int64(runCount) <= frames * Int64(channels)
            && (0...frames).contains(Int64(longestRun)) && firstRuns.count <= Self.listLimit
            && firstRuns.allSatisfy { $0.lies(in: frames) }
    }
}

extension SilenceMeasurement {
    fileprivate func isPlausible(frames: Int64) -> Bool {
        (0...frames).contains(leading) && (0...frames).contains(trailing) && inside.count <= Self.listLimit
            && Int64(insideCount) >= Int64(inside.count) && Int64(insideCount) <= frames
            && inside.allSatisfy { $0.lies(in: frames) }
    }
}

extension NonFiniteMeasurement {
    fileprivate func isPlausible(frames: Int64, channels: Int) -> Bool {
        (0...(frames * Int64(channels))).contains(count) && (first != nil) == (count > 0)
            && first.map { (0..<frames).contains($0) } ?? true
    }
}

extension SpectrumMeasurement {
    fileprivate func isPlausible(rate: Int) -> Bool {
        cutoff.isAbsent(orIn: 0...(Double(rate) / 2)) && (0...400).contains(edge)
    }
}

/// `size` is `finest`, or twice that again and again.
private func isZoom(_ size: Int, finest: Int) -> Bool {
    size >= finest && size <= 1 << 43 && size % finest == 0 && (size / finest).nonzeroBitCount == 1
}

/// How many pieces of `size` it takes to hold `frames`.
private func pieces(_ frames: Int64, of size: Int) -> Int64 { (frames + Int64(size) - 1) / Int64(size) }

extension Waveform {
    fileprivate func isPlausible(frames: Int64, rate: Int) -> Bool {
        sampleRate == rate && isZoom(samplesPerPixel, finest: Self.finestZoom) && pixelCount <= Self.pixelLimit
            && peaks.count % 2 == 0 && Int64(pixelCount) == pieces(frames, of: samplesPerPixel)
    }
}

extension LevelOverview {
    fileprivate func isPlausible(frames: Int64, channels count: Int) -> Bool {
        isZoom(samplesPerPoint, finest: 256) && channels.count == min(count, Self.channelLimit)
            && pointCount <= Self.pointLimit && Int64(pointCount) == pieces(frames, of: samplesPerPoint)
            && channels.allSatisfy {
                [$0.minima.count, $0.maxima.count, $0.rms.count].allSatisfy { $0 == pointCount }
            }
    }
}

extension AudioFingerprint {
    /// Two minutes are about a thousand numbers of 32 bits.
    fileprivate var isPlausible: Bool {
        compressed.utf8.count <= 65_536 && (1...4096).contains(items.count)
            && compressed.utf8.allSatisfy(base64.contains)
            && (0...100).contains(algorithm) && (0...120).contains(duration)
    }
}

extension LoudnessMeasurement {
    fileprivate var isPlausible: Bool {
        [integrated, maximumMomentary, maximumShortTerm].allSatisfy { $0.isAbsent(orIn: decibels) }
            && range.isAbsent(orIn: 0...300) && shortTerm.count <= Self.seriesLimit
            && shortTerm.allSatisfy { (-70...200).contains($0) } && isZoom(interval, finest: 1)
            && blocks.isPlausible && windows.isPlausible
    }
}

extension LoudnessHistogram {
    /// Sums over all steps must not overflow.
    fileprivate var isPlausible: Bool {
        steps.count <= Self.emptyCounts.count && counts.count == steps.count && energies.count == steps.count
            && steps.allSatisfy { (0..<Int16(Self.emptyCounts.count)).contains($0) }
            && zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 }
            && counts.allSatisfy { (1...(1 << 43)).contains($0) }
            && energies.allSatisfy { $0 > 0 && $0 < 1e30 }
    }
}
