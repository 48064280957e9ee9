package import MediaContract

extension AudioAnalysis {
    /// The analysis judged by what stores, broadcasters and standards publish, and by house rules where they are
    /// silent.
    ///
    /// Only numbers are compared here, so that stored analyses can be judged again when a rule changes.
    ///
    /// - Parameter inspection: of the same file.
    /// - Returns: findings, the gravest first; those of one severity in the order of `Finding.Code`.
    package func findings(for inspection: AudioInspection) -> [Finding] {
        let track = MeasuredTrack(inspection: inspection, analysis: self)
        let format = track.formatFindings
        // Of silence nothing else is worth saying, least of all that it is quiet.
        let all = track.silentFinding.map { [$0] + format } ?? (track.soundFindings + format)
        let order = Dictionary(uniqueKeysWithValues: zip(Finding.Code.allCases, 0...))
        return all.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            guard a.severity == b.severity else { return a.severity < b.severity }
            let (first, second) = (order[a.code] ?? 0, order[b.code] ?? 0)
            return first == second ? left.offset < right.offset : first < second
        }.map(\.element)
    }
}

/// A file's inspection and analysis together: what rules look at.
struct MeasuredTrack {
    let inspection: AudioInspection
    let analysis: AudioAnalysis

    var format: AudioFormat { inspection.format }

    /// The whole track holds no sound.
    var silentFinding: Finding? {
        guard let peak = analysis.samplePeak else {
            // NaN all over has no peak either, and is no silence.
            guard analysis.nonFinite.count == 0 else { return nil }
            return Finding(.block, .silent, "every sample is 0", sources: [.distributorSilent])
        }
        guard analysis.silence.leading >= inspection.sampleFrames else { return nil }
        return Finding(
            .block, .silent, "nothing rises above -60 dBFS; the greatest sample is at \(Figure.decibels(peak)) dBFS",
            measured: peak, threshold: -60, unit: "dBFS", sources: [.distributorSilent, .ebuSilence])
    }

    var soundFindings: [Finding] {
        // Where no sample is a number, nothing was measured.
        guard analysis.samplePeak != nil else { return sampleFindings }
        return sampleFindings + peakFindings + loudnessFindings + channelFindings + silenceFindings + resolutionFindings
    }

    /// Seconds of samples.
    func seconds(_ samples: Int64) -> Double { Double(samples) / Double(format.sampleRate) }

    func spans(_ spans: [SampleSpan]) -> [Finding.TimeSpan] {
        spans.map { Finding.TimeSpan(start: seconds($0.start), end: seconds($0.start + $0.count)) }
    }
}
