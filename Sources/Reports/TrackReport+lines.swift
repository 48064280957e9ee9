import MediaContract

/// Lines that texts, pictures and pages have in common.
extension TrackReport {
    /// The file's name without its folders.
    package var name: String { file.split(separator: "/").last.map(String.init) ?? file }

    /// "flac, 24 bit, 48 kHz, stereo, 3:25.37".
    package var formatLine: String {
        let format = inspection.format
        let codec = format.codec == format.container ? format.container : "\(format.container) (\(format.codec))"
        let bits = format.bitsPerSample.map { "\($0) bit" }
        let layout =
            format.channels > 2 ? "\(format.channels) channels (\(format.channelLayout))" : format.channelLayout
        return [codec, bits, Self.kilohertz(format.sampleRate), layout, Figure.time(inspection.duration)]
            .compactMap(\.self).joined(separator: ", ")
    }

    /// "-14.2 LUFS integrated, 6.1 LU range, -0.8 dBTP true peak".
    package var levelLine: String {
        [
            analysis.loudness.integrated.map { "\(Figure.decibels($0)) LUFS integrated" } ?? "no measurable loudness",
            analysis.loudness.range.map { "\(Figure.decibels($0)) LU range" },
            analysis.truePeak.map { "\(Figure.signed($0)) dBTP true peak" },
        ].compactMap(\.self).joined(separator: ", ")
    }

    /// "44.1 kHz", "48 kHz", "22.05 kHz".
    package static func kilohertz(_ rate: Int) -> String {
        let digits = rate % 1000 == 0 ? 0 : rate % 100 == 0 ? 1 : rate % 10 == 0 ? 2 : 3
        return Figure.decimal(Double(rate) / 1000, digits) + " kHz"
    }

    /// All figures with their units, in the order a reviewer reads them. What could not be measured says "-".
    package var figures: [(name: String, value: String)] {
        let loudness = analysis.loudness
        var figures = [
            ("Integrated loudness", Self.text(loudness.integrated, "LUFS")),
            ("Loudness range", Self.text(loudness.range, "LU")),
            ("Greatest short-term", Self.text(loudness.maximumShortTerm, "LUFS")),
            ("Greatest momentary", Self.text(loudness.maximumMomentary, "LUFS")),
            ("True peak", Self.text(analysis.truePeak, "dBTP", Figure.signed)),
            ("Sample peak", Self.text(analysis.samplePeak, "dBFS", Figure.signed)),
            ("Peak to loudness", Self.text(peakToLoudness, "dB")),
            ("Clipped runs", Figure.grouped(Int64(analysis.clipping.runCount))),
            ("Silence at the start", Figure.seconds(seconds(analysis.silence.leading))),
            ("Silence at the end", Figure.seconds(seconds(analysis.silence.trailing))),
            ("Silences inside", Figure.grouped(Int64(analysis.silence.insideCount))),
            ("Effective bits", analysis.effectiveBits.map { "\($0)" } ?? "-"),
            ("Spectrum ends", analysis.spectrum?.cutoff.map(Figure.kilohertz) ?? "no cliff"),
        ]
        if let stereo = analysis.stereo {
            figures.append(("Correlation", stereo.correlation.map { Figure.decimal($0, 2) } ?? "-"))
        }
        return figures
    }

    private func seconds(_ samples: Int64) -> Double { Double(samples) / Double(inspection.format.sampleRate) }

    static func text(_ value: Double?, _ unit: String, _ format: (Double) -> String = Figure.decibels) -> String {
        value.map { "\(format($0)) \(unit)" } ?? "-"
    }
}

extension AlbumReport {
    /// "4 tracks, 1:50, -15.8 LUFS integrated, 7.0 LU range, -0.9 dBTP true peak".
    package var line: String {
        let levels = [
            integratedLoudness.map { "\(Figure.decibels($0)) LUFS integrated" } ?? "no measurable loudness",
            loudnessRange.map { "\(Figure.decibels($0)) LU range" },
            truePeak.map { "\(Figure.signed($0)) dBTP true peak" },
        ].compactMap(\.self)
        return ([Figure.count(Int64(tracks), "track"), Figure.clock(Int(duration.rounded()))] + levels)
            .joined(separator: ", ")
    }
}

extension Finding {
    /// "measured 20.2 kHz, limit 20.7 kHz" in the finding's unit; nil where nothing is measured.
    package var comparison: String? {
        guard let measured, let unit else { return nil }
        func text(_ value: Double) -> String {
            switch unit {
            case "Hz": Figure.kilohertz(value)
            case "s": Figure.seconds(value)
            case "bits", "channels", "runs", "samples": "\(Figure.decimal(value, 0)) \(unit)"
            case "correlation": Figure.decimal(value, 2)
            case "% of full scale": "\(Figure.decimal(value, 2)) \(unit)"
            default: "\(Figure.signed(value)) \(unit)"
            }
        }
        return "measured \(text(measured))" + (threshold.map { ", limit \(text($0))" } ?? "")
    }

    /// "at 0:12.30, 0:14.00 and 10 more places"; a long stretch with its end; nil where there is no place.
    package func places(atMost limit: Int) -> String? {
        guard !spans.isEmpty else { return nil }
        let named = spans.prefix(limit).map {
            $0.end - $0.start < 0.5
                ? Figure.time($0.start) : "\(Figure.time($0.start))-\(Figure.time($0.end))"
        }
        let rest = spans.count - named.count
        return "at " + named.joined(separator: ", ")
            + (rest > 0 ? " and \(Figure.count(Int64(rest), "more place"))" : "")
    }
}

extension Source {
    /// "EBU R 128, section: what it says".
    package var line: String { [document, section].compactMap(\.self).joined(separator: ", ") + ": \(statement)" }
}
