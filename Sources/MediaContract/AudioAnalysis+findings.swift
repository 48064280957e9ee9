extension AudioAnalysis {
    /// The analysis judged by what stores and broadcasters publish, and by house rules where they say nothing.
    ///
    /// Only numbers are compared here, so that stored analyses can be judged again when a rule changes.
    ///
    /// - Parameter inspection: of the same file.
    /// - Returns: findings, the gravest first.
    package func findings(for inspection: AudioInspection) -> [Finding] {
        guard samplePeak != nil else {
            return [Finding(.block, "silent", "the file holds digital silence only", source: Self.houseRule)]
        }
        let all =
            levelFindings + clippingFindings(inspection) + channelFindings + silenceFindings(inspection)
            + resolutionFindings(inspection)
        return all.filter { $0.severity == .block } + all.filter { $0.severity == .warn }
            + all.filter { $0.severity == .note }
    }

    private static let houseRule = "house rule"

    private var levelFindings: [Finding] {
        var findings: [Finding] = []
        let peak = truePeak ?? -.infinity
        if peak > 0 {
            findings.append(
                Finding(
                    .warn, "true-peak", "the true peak is \(Self.rounded(peak)) dBTP: converters and encoders clip",
                    threshold: 0, source: "ITU-R BS.1770-4 Annex 2"))
        } else if peak > -1 {
            findings.append(
                Finding(
                    .note, "true-peak", "the true peak is \(Self.rounded(peak)) dBTP, above -1 dBTP", threshold: -1,
                    source: "EBU R 128; AES TD1008; Apple Digital Masters; Spotify loudness normalization"))
        }
        guard let integrated = loudness.integrated, integrated > -14 else { return findings }
        findings.append(
            Finding(
                .note, "loudness",
                "integrated loudness is \(Self.rounded(integrated)) LUFS: players that normalize turn it down to -14",
                threshold: -14, source: "Spotify loudness normalization; AES TD1008"))
        if peak > -2 {
            findings.append(
                Finding(
                    .note, "true-peak-loud",
                    "the true peak is \(Self.rounded(peak)) dBTP, above -2 dBTP, in a master louder than -14 LUFS",
                    threshold: -2, source: "Spotify loudness normalization"))
        }
        return findings
    }

    private func clippingFindings(_ inspection: AudioInspection) -> [Finding] {
        guard clipping.runCount > 0 else { return [] }
        return [
            Finding(
                .warn, "clipping",
                "\(clipping.runCount) runs of 3 or more samples at full scale, the longest of \(clipping.longestRun)",
                timestamps: seconds(clipping.firstRuns, inspection), threshold: 3,
                source: "Apple Digital Masters (afclip)")
        ]
    }

    private var channelFindings: [Finding] {
        var findings: [Finding] = []
        for (index, levels) in channels.enumerated() {
            if levels.isSilent {
                findings.append(
                    Finding(.warn, "silent-channel", "channel \(index + 1) is silent", source: Self.houseRule))
            }
            if abs(levels.dcOffset) > 0.001 {
                findings.append(
                    Finding(
                        .note, "dc-offset",
                        "channel \(index + 1) is off centre by \(Self.rounded(levels.dcOffset * 100)) % of full scale",
                        threshold: 0.1, source: Self.houseRule))
            }
        }
        guard let stereo else { return findings }
        if stereo.areInverted {
            findings.append(
                Finding(.warn, "inverted", "one channel is the other inverted: silent in mono", source: Self.houseRule))
        } else if let correlation = stereo.correlation, correlation < -0.5 {
            findings.append(
                Finding(
                    .warn, "out-of-phase",
                    "the channels' correlation is \(Self.rounded(correlation)): much is lost in mono",
                    threshold: -0.5, source: Self.houseRule))
        }
        if stereo.areIdentical {
            findings.append(
                Finding(.note, "dual-mono", "both channels hold the same samples", source: Self.houseRule))
        }
        return findings
    }

    private func silenceFindings(_ inspection: AudioInspection) -> [Finding] {
        var findings: [Finding] = []
        let rate = Double(inspection.format.sampleRate)
        let ends = [("leading", silence.leading, 3.0), ("trailing", silence.trailing, 10.0)]
        for (end, count, limit) in ends where Double(count) / rate > limit {
            findings.append(
                Finding(
                    .note, "\(end)-silence", "\(Self.rounded(Double(count) / rate)) s of \(end) silence",
                    threshold: limit, source: Self.houseRule))
        }
        if silence.insideCount > 0 {
            findings.append(
                Finding(
                    .note, "silence", "\(silence.insideCount) silences of 2 s or more inside the track",
                    timestamps: seconds(silence.inside, inspection), threshold: SilenceMeasurement.minimumSeconds,
                    source: Self.houseRule))
        }
        return findings
    }

    private func resolutionFindings(_ inspection: AudioInspection) -> [Finding] {
        guard inspection.format.isLossless else { return [] }
        var findings: [Finding] = []
        if let declared = inspection.format.bitsPerSample, let effectiveBits, declared > 16, effectiveBits <= 16 {
            findings.append(
                Finding(
                    .warn, "padded-bits", "\(declared)-bit samples carry \(effectiveBits) bits", threshold: 16,
                    source: "Apple Digital Masters (24-bit sources)"))
        }
        let half = Double(inspection.format.sampleRate) / 2
        // Converters' own filters begin at about nine tenths of half the rate.
        guard let cutoff = spectrum?.cutoff, cutoff < 0.92 * half else { return findings }
        let kilohertz = Self.rounded(cutoff / 1000)
        findings.append(
            cutoff > 20_500
                ? Finding(
                    .warn, "upsampled", "nothing above \(kilohertz) kHz in \(inspection.format.sampleRate) Hz audio",
                    threshold: 0.92 * half, source: "Apple Digital Masters (no upsampled sources)")
                : Finding(
                    .warn, "lossy-source",
                    "the spectrum ends in a cliff at \(kilohertz) kHz, as a lossy encoder's does",
                    threshold: 0.92 * half, source: Self.houseRule))
        return findings
    }

    private func seconds(_ spans: [SampleSpan], _ inspection: AudioInspection) -> [Double] {
        spans.map { Double($0.start) / Double(inspection.format.sampleRate) }
    }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
