import MediaContract

/// Samples, peaks and loudness.
extension MeasuredTrack {
    var sampleFindings: [Finding] {
        let bad = analysis.nonFinite
        guard bad.count > 0 else { return [] }
        let start = seconds(bad.first ?? 0)
        return [
            Finding(
                .block, .notANumber,
                "\(Figure.count(bad.count, "sample")) hold no number or infinity, the first at \(Figure.time(start))",
                spans: [Finding.TimeSpan(start: start, end: start)], measured: Double(bad.count), threshold: 0,
                unit: "samples", sources: [.house("IEEE 754 has no sound for them: what players make of them is open")])
        ]
    }

    var peakFindings: [Finding] {
        var findings: [Finding] = []
        if let peak = analysis.truePeak, peak > 0 {
            findings.append(
                Finding(
                    .warn, .truePeakOverFullScale,
                    "the true peak is \(Figure.signed(peak)) dBTP: converters and encoders clip it", measured: peak,
                    threshold: 0, unit: "dBTP", sources: [.ituPeak, .spotifyPeak, .ebuPeak, .aesPeak]))
        } else if let peak = analysis.truePeak, peak > -1 {
            findings.append(
                Finding(
                    .note, .truePeakHeadroom,
                    "the true peak is \(Figure.signed(peak)) dBTP: lossy encoders may clip it", measured: peak,
                    threshold: -1, unit: "dBTP", sources: [.spotifyPeak, .ebuPeak, .aesPeak]))
        }
        return findings + clippingFindings
    }

    /// Runs that a limiter leaves here and there are noted; as many as Netflix refuses are a warning.
    private var clippingFindings: [Finding] {
        let clipping = analysis.clipping
        guard clipping.runCount > 0 else { return [] }
        let isMuch = clipping.runCount >= 10
        let runs = Figure.count(Int64(clipping.runCount), "run")
        return [
            Finding(
                isMuch ? .warn : .note, .clipped,
                "\(runs) of 3 or more samples at full scale, the longest of \(clipping.longestRun)",
                spans: stretches(clipping.firstRuns), measured: Double(clipping.runCount), threshold: isMuch ? 10 : 1,
                unit: "runs",
                sources: [.netflixClipping] + (isMuch ? [] : [.house("a single run is worth a listen, not a refusal")]))
        ]
    }

    /// Runs less than a quarter of a second apart as one stretch: places to listen to, not samples to count.
    private func stretches(_ runs: [SampleSpan]) -> [Finding.TimeSpan] {
        spans(runs).reduce(into: []) { stretches, span in
            if let last = stretches.last, span.start - last.end < 0.25 {
                stretches[stretches.count - 1].end = max(last.end, span.end)
            } else {
                stretches.append(span)
            }
        }
    }

    var loudnessFindings: [Finding] {
        guard let integrated = analysis.loudness.integrated else { return [] }
        let level = Figure.signed(integrated)
        if integrated > -11 {
            return [
                Finding(
                    .note, .loud, "integrated loudness is \(level) LUFS: players turn it down at every setting",
                    measured: integrated, threshold: -11, unit: "LUFS", sources: [.spotifyLevels])
            ]
        }
        guard integrated < -19 else { return [] }
        return [
            Finding(
                .note, .quiet,
                "integrated loudness is \(level) LUFS: players turn it up at every setting, as far as its peaks let them",
                measured: integrated, threshold: -19, unit: "LUFS", sources: [.spotifyLevels])
        ]
    }
}
