import MediaContract

/// The report as JSON: everything but what has a file format of its own (waveform) or is of use to programs only that
/// measure (histograms). docs/analysis.md describes each field.
extension TrackReport: Encodable {
    private enum Key: CodingKey {
        case file, bytes, sha256, audio, durationSeconds, loudness, truePeak, samplePeak, peakToLoudness, channels
        case stereo, clipping, silence, nonFinite, effectiveBits, spectrum, samplesSha256, fingerprint, severity
        case findings
    }

    private enum LoudnessKey: CodingKey {
        case integrated, range, maximumMomentary, maximumShortTerm, shortTerm, interval
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(file, forKey: .file)
        try fields.encode(bytes, forKey: .bytes)
        try fields.encode(sha256, forKey: .sha256)
        try fields.encode(inspection, forKey: .audio)
        try fields.encode(inspection.duration, forKey: .durationSeconds)
        try encodeLoudness(to: fields.nestedContainer(keyedBy: LoudnessKey.self, forKey: .loudness))
        try fields.encode(analysis.truePeak, forKey: .truePeak)
        try fields.encode(analysis.samplePeak, forKey: .samplePeak)
        try fields.encode(peakToLoudness, forKey: .peakToLoudness)
        try fields.encode(analysis.channels, forKey: .channels)
        try fields.encode(analysis.stereo, forKey: .stereo)
        try fields.encode(analysis.clipping, forKey: .clipping)
        try fields.encode(analysis.silence, forKey: .silence)
        try fields.encode(analysis.nonFinite, forKey: .nonFinite)
        try fields.encode(analysis.effectiveBits, forKey: .effectiveBits)
        try fields.encode(analysis.spectrum, forKey: .spectrum)
        try fields.encode(analysis.samplesSHA256, forKey: .samplesSha256)
        try fields.encode(analysis.fingerprint.map(PrintedFingerprint.init), forKey: .fingerprint)
        try fields.encode(severity, forKey: .severity)
        try fields.encode(findings, forKey: .findings)
    }

    private func encodeLoudness(to container: KeyedEncodingContainer<LoudnessKey>) throws {
        var fields = container
        let loudness = analysis.loudness
        try fields.encode(loudness.integrated, forKey: .integrated)
        try fields.encode(loudness.range, forKey: .range)
        try fields.encode(loudness.maximumMomentary, forKey: .maximumMomentary)
        try fields.encode(loudness.maximumShortTerm, forKey: .maximumShortTerm)
        try fields.encode(loudness.shortTerm.map { Double(($0 * 100).rounded()) / 100 }, forKey: .shortTerm)
        try fields.encode(loudness.interval, forKey: .interval)
    }
}

/// The numbers themselves are left out: whoever wants them decodes the text.
private struct PrintedFingerprint: Encodable {
    let compressed: String
    let algorithm: Int
    let duration: Double

    init(_ fingerprint: AudioFingerprint) {
        compressed = fingerprint.compressed
        algorithm = fingerprint.algorithm
        duration = fingerprint.duration
    }
}

extension AlbumReport: Encodable {
    private enum Key: CodingKey { case tracks, durationSeconds, integratedLoudness, loudnessRange, truePeak }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(tracks, forKey: .tracks)
        try fields.encode(duration, forKey: .durationSeconds)
        try fields.encode(integratedLoudness, forKey: .integratedLoudness)
        try fields.encode(loudnessRange, forKey: .loudnessRange)
        try fields.encode(truePeak, forKey: .truePeak)
    }
}
