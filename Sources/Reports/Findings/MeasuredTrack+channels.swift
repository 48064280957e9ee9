import MediaContract

/// Channels by themselves and against each other, and silences.
extension MeasuredTrack {
    var channelFindings: [Finding] {
        analysis.channels.indices.flatMap(findings(ofChannel:)) + relationFindings
    }

    private func findings(ofChannel index: Int) -> [Finding] {
        let levels = analysis.channels[index]
        let name = channelName(index)
        if levels.isSilent {
            return [
                Finding(
                    .warn, .silentChannel, "\(name) is silent", sources: [.ebuSilence])
            ]
        }
        let limit = greatestOffset
        guard abs(levels.dcOffset) > limit else { return [] }
        return [
            Finding(
                .note, .dcOffset, "\(name) is off centre by \(Figure.percent(levels.dcOffset)) of full scale",
                measured: levels.dcOffset * 100, threshold: limit * 100, unit: "% of full scale",
                sources: [.house("-60 dBFS, from where on sound is no longer taken for silence")])
        ]
    }

    /// In short audio, what half a wave of 20 Hz at full scale leaves: 2 ÷ (2π × 20 Hz × duration).
    private var greatestOffset: Double {
        max(SilenceMeasurement.threshold, 1 / (.pi * 20 * max(inspection.duration, 0.001)))
    }

    private var relationFindings: [Finding] {
        // Of more than two channels, the first two are no pair that sounds alone.
        guard format.channels == 2, let stereo = analysis.stereo, !analysis.channels.contains(where: \.isSilent) else {
            return []
        }
        if stereo.areInverted {
            return [
                Finding(
                    .block, .invertedChannels, "the right channel is the left one inverted: mono players are silent",
                    measured: -1, unit: "correlation",
                    sources: [.house("the sum of both channels is digital silence, by arithmetic")])
            ]
        }
        if stereo.areIdentical {
            return [
                Finding(
                    .note, .identicalChannels, "both channels hold the same samples: this is mono in a stereo file",
                    measured: 1, unit: "correlation", sources: [.quiverMono])
            ]
        }
        guard let correlation = stereo.correlation, correlation < Self.leastCorrelation else { return [] }
        return [
            Finding(
                .warn, .outOfPhase,
                "the channels' correlation is \(Figure.signed(correlation)): mono players lose most of it",
                measured: correlation, threshold: Self.leastCorrelation, unit: "correlation",
                sources: [.house("at -0.5 a mono sum has lost half the power that unrelated channels keep")])
        ]
    }

    /// The sum of two channels of power P that correlate by r has the power 2P(1 + r): P here, where unrelated ones
    /// have 2P.
    private static let leastCorrelation = -0.5

    var silenceFindings: [Finding] {
        let silence = analysis.silence
        let frames = inspection.sampleFrames
        var findings: [Finding] = []
        if let finding = end(.leadingSilence, "before the first sound", silence.leading, from: 0) {
            findings.append(finding)
        }
        if let finding = end(
            .trailingSilence, "after the last sound", silence.trailing, from: frames - silence.trailing)
        {
            findings.append(finding)
        }
        guard silence.insideCount > 0 else { return findings }
        let longest = silence.inside.map { seconds($0.count) }.max() ?? 0
        let isLong = longest > Self.longestSilence
        let silences = Figure.count(Int64(silence.insideCount), "silence")
        findings.append(
            Finding(
                isLong ? .warn : .note, .innerSilence,
                "\(silences) of 2 s or more within the track, the longest of \(Figure.seconds(longest))",
                spans: spans(silence.inside), measured: longest,
                threshold: isLong ? Self.longestSilence : SilenceMeasurement.minimumSeconds, unit: "s",
                sources: [.distributorSilence]))
        return findings
    }

    /// Seconds that distributors allow at either end.
    private static let longestSilence = 10.0
    /// Seconds from which on a listener wonders.
    private static let noticeableSilence = 3.0

    private func end(_ code: Finding.Code, _ place: String, _ count: Int64, from start: Int64) -> Finding? {
        let length = seconds(count)
        guard length > Self.noticeableSilence else { return nil }
        let isLong = length > Self.longestSilence
        return Finding(
            isLong ? .warn : .note, code, "\(Figure.seconds(length)) of silence \(place)",
            spans: spans([SampleSpan(start: start, count: count)]), measured: length,
            threshold: isLong ? Self.longestSilence : Self.noticeableSilence, unit: "s",
            sources: isLong
                ? [.distributorSilence]
                : [.house("3 s are more than the usual 2 s between tracks"), .distributorSilence])
    }

    /// "the left channel", "channel 3".
    private func channelName(_ index: Int) -> String {
        switch (format.channels, index) {
        case (1, _): "the only channel"
        case (2, 0): "the left channel"
        case (2, 1): "the right channel"
        default: "channel \(index + 1)"
        }
    }
}
