package import Foundation
import MediaContract
import Postgres
import Reports

/// What was measured of a track's master, and where the whole report lies.
struct StoredReport: Sendable {
    let report: TrackReport
    /// tracks.audio_file_url it was measured of.
    let sourceURL: String
    let reportURL: String
    let pageURL: String
    let waveformURL: String
    let duplicates: [PossibleDuplicate]
}

/// Another track that seems to be the same recording.
package struct PossibleDuplicate: Sendable, Hashable, Codable {
    package let track: UUID
    /// Share of the fingerprints' bits that agree, 0…1.
    package let agreement: Double
    /// Seconds by which the other begins later.
    package let shift: Double
    /// Every decoded sample is the same.
    package let hasSameSamples: Bool
}

extension Catalogue {
    /// Tracks that sound like this analysis, those most alike first.
    ///
    /// Candidates are the tracks whose fingerprints share most numbers with this one's, found by an index; each is then
    /// compared bit by bit.
    func possibleDuplicates(of analysis: AudioAnalysis, track: UUID) async throws -> [PossibleDuplicate] {
        let items = analysis.fingerprint?.items ?? []
        let terms = FingerprintMatch.terms(of: items)
        let rows = try await database.query(
            """
            SELECT track_id, fingerprint, samples_sha256 = \(analysis.samplesSHA256) AS same
            FROM audio_reports
            WHERE track_id <> \(track)
                AND (samples_sha256 = \(analysis.samplesSHA256) OR fingerprint_terms && \(terms))
            ORDER BY same DESC, (
                SELECT count(*) FROM unnest(fingerprint_terms) term WHERE term = ANY (\(terms))) DESC, track_id
            LIMIT \(Self.mostCandidates)
            """)
        var duplicates: [PossibleDuplicate] = []
        for row in rows {
            let other = try row.decode("fingerprint", as: [Int32]?.self) ?? []
            let isSame: Bool = try row.decode("same")
            let match = FingerprintMatch(items, other.map { UInt32(bitPattern: $0) })
            guard isSame || match.map({ $0.agreement >= FingerprintMatch.threshold }) ?? false else { continue }
            duplicates.append(
                PossibleDuplicate(
                    track: try row.decode("track_id"), agreement: match?.agreement ?? 1, shift: match?.shift ?? 0,
                    hasSameSamples: isSame))
        }
        return duplicates.sorted { $0.agreement > $1.agreement }
    }

    private static let mostCandidates = 20

    /// Makes this the track's report.
    static func storeReport(
        _ stored: StoredReport, track: UUID, in transaction: borrowing Transaction
    ) throws {
        let (report, analysis, format) = (stored.report, stored.report.analysis, stored.report.inspection.format)
        let loudness = analysis.loudness
        let items = analysis.fingerprint?.items
        let terms = items.map(FingerprintMatch.terms(of:))
        try transaction.execute("DELETE FROM audio_reports WHERE track_id = \(track)")
        try transaction.execute(
            """
            INSERT INTO audio_reports (track_id, source_url, source_bytes, source_sha256, samples_sha256, container,
                codec, sample_rate, channels, bits_per_sample, effective_bits, is_lossless, sample_frames,
                integrated_lufs, loudness_range_lu, max_momentary_lufs, max_short_term_lufs, true_peak_dbtp,
                sample_peak_dbfs, severity, findings, loudness_blocks, loudness_windows, fingerprint,
                fingerprint_terms, duplicates, report_url, page_url, waveform_url,
                lathe_version)
            VALUES (\(track), \(stored.sourceURL), \(report.bytes), \(report.sha256), \(analysis.samplesSHA256),
                \(format.container), \(format.codec), \(format.sampleRate), \(format.channels),
                \(format.bitsPerSample), \(analysis.effectiveBits), \(format.isLossless),
                \(report.inspection.sampleFrames), \(loudness.integrated), \(loudness.range),
                \(loudness.maximumMomentary), \(loudness.maximumShortTerm), \(analysis.truePeak),
                \(analysis.samplePeak), \(report.severity?.rawValue), \(try json(report.findings))::jsonb,
                \(try json(loudness.blocks))::jsonb, \(try json(loudness.windows))::jsonb,
                \(items?.map { Int32(bitPattern: $0) }), \(terms), \(try json(stored.duplicates))::jsonb,
                \(stored.reportURL), \(stored.pageURL), \(stored.waveformURL), \(LatheVersion.current))
            """)
    }

    /// Measures a release as one programme, from its tracks' reports.
    static func storeReleaseReport(_ release: UUID, in transaction: borrowing Transaction) throws {
        let rows = try transaction.query(
            """
            SELECT a.loudness_blocks::text AS blocks, a.loudness_windows::text AS windows, a.true_peak_dbtp,
                a.severity, (a.sample_frames * 1000 / a.sample_rate)::bigint AS duration_ms
            FROM tracks t JOIN audio_reports a ON a.track_id = t.id AND a.source_url = t.audio_file_url
            WHERE t.release_id = \(release)
            """)
        var (blocks, windows) = (LoudnessHistogram(), LoudnessHistogram())
        var peaks: [Double] = []
        var severities: [Finding.Severity] = []
        var duration: Int64 = 0
        for row in rows {
            blocks.merge(try histogram(row.decode("blocks")))
            windows.merge(try histogram(row.decode("windows")))
            if let peak = try row.decode("true_peak_dbtp", as: Double?.self) { peaks.append(peak) }
            let severity = try row.decode("severity", as: String?.self)
            if let severity = severity.flatMap(Finding.Severity.init(rawValue:)) { severities.append(severity) }
            duration += try row.decode("duration_ms", as: Int64.self)
        }
        try transaction.execute(
            """
            INSERT INTO release_reports (release_id, track_count, duration_ms, integrated_lufs, loudness_range_lu,
                true_peak_dbtp, severity)
            VALUES (\(release), \(rows.count), \(duration), \(blocks.integratedLoudness), \(windows.loudnessRange),
                \(peaks.max()), \(severities.min()?.rawValue))
            ON CONFLICT (release_id) DO UPDATE SET
                track_count = EXCLUDED.track_count, duration_ms = EXCLUDED.duration_ms,
                integrated_lufs = EXCLUDED.integrated_lufs, loudness_range_lu = EXCLUDED.loudness_range_lu,
                true_peak_dbtp = EXCLUDED.true_peak_dbtp, severity = EXCLUDED.severity
            """)
    }

    private static func json(_ value: some Encodable) throws -> String {
        String(decoding: try JSONEncoder.report.encode(value), as: UTF8.self)
    }

    private static func histogram(_ text: String) throws -> LoudnessHistogram {
        try JSONDecoder.report.decode(LoudnessHistogram.self, from: Data(text.utf8))
    }
}

extension JSONEncoder {
    /// Of reports: keys sorted, so that the same report has the same bytes.
    static var report: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return encoder
    }
}

extension JSONDecoder {
    /// Of what `JSONEncoder.report` wrote.
    static var report: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }
}
