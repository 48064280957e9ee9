package import MediaContract

/// All there is to say about one file: what the texts, the JSON, the pictures and the pages are made from.
package struct TrackReport: Sendable {
    /// As it was named on the command line.
    package var file: String
    /// Size of the file in bytes.
    package var bytes: Int64
    /// SHA-256 of the file in 64 lower-case hexadecimal digits.
    package var sha256: String
    package var inspection: AudioInspection
    package var analysis: AudioAnalysis
    /// The gravest first.
    package let findings: [Finding]

    package init(
        file: String, bytes: Int64, sha256: String, inspection: AudioInspection, analysis: AudioAnalysis
    ) {
        self.file = file
        self.bytes = bytes
        self.sha256 = sha256
        self.inspection = inspection
        self.analysis = analysis
        findings = analysis.findings(for: inspection)
    }

    /// The gravest finding's; nil where there is none.
    package var severity: Finding.Severity? { findings.first?.severity }

    /// Peak to loudness ratio in dB: the true peak over the integrated loudness (AES TD1008, Definitions); nil where
    /// either is not known.
    package var peakToLoudness: Double? {
        guard let peak = analysis.truePeak, let loudness = analysis.loudness.integrated else { return nil }
        return peak - loudness
    }
}

/// Several tracks as one programme, played in the order given.
package struct AlbumReport: Sendable, Hashable {
    package var tracks: Int
    /// Seconds in all.
    package var duration: Double
    /// Integrated loudness in LUFS of all gating blocks of all tracks, the relative gate set by all of them together.
    package var integratedLoudness: Double?
    /// Loudness range in LU of all 3 s windows of all tracks.
    package var loudnessRange: Double?
    /// The greatest true peak in dBTP.
    package var truePeak: Double?

    /// - Parameter reports: at least one.
    package init(_ reports: [TrackReport]) {
        tracks = reports.count
        duration = reports.reduce(0) { $0 + $1.inspection.duration }
        integratedLoudness =
            LoudnessHistogram.merging(reports.lazy.map(\.analysis.loudness.blocks)).integratedLoudness
        loudnessRange = LoudnessHistogram.merging(reports.lazy.map(\.analysis.loudness.windows)).loudnessRange
        truePeak = reports.compactMap(\.analysis.truePeak).max()
    }
}
