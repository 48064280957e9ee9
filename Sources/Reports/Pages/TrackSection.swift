import MediaContract

/// A page's part about one track: findings, pictures, figures, hashes.
struct TrackSection {
    let report: TrackReport
    /// The section's anchor within the page.
    let id: String

    private static let width = 1100.0
    /// Places that are listed; the picture shows all.
    private static let placeLimit = 12

    var html: String {
        """
        <section class="track" id="\(id)">
        <header><div><h2><bdi>\(report.name.escapedForHTML)</bdi></h2>
        <p class="sub">\(report.formatLine.escapedForHTML)</p></div><div>\(Self.counts(report.findings))</div></header>
        \(tiles)
        \(findings)
        <h3>Waveform</h3>
        <figure>\(waveform)</figure>
        <p class="key"><span class="k-peak"></span>peaks <span class="k-rms"></span>root mean square \
        <span class="k-silence"></span>silence <span class="k-clip"></span>clipped</p>
        <h3>Loudness over time</h3>
        <figure>\(loudness)</figure>
        <p class="key"><span class="k-loudness"></span>short-term loudness, the 3 s before each moment</p>
        <h3>Figures</h3>
        \(figures)
        \(channels)
        <h3>Identity</h3>
        \(identity)
        </section>
        """
    }

    /// "1 block 2 warn", coloured.
    static func counts(_ findings: [Finding]) -> String {
        let badges = Finding.Severity.allCases.compactMap { severity in
            let count = findings.count { $0.severity == severity }
            return count == 0
                ? nil : "<span class=\"badge \(severity.rawValue)\">\(count) \(severity.rawValue)</span>"
        }
        return badges.isEmpty ? "<span class=\"badge fine\">nothing found</span>" : badges.joined(separator: " ")
    }

    private var tiles: String {
        let loudness = report.analysis.loudness
        let tiles = [
            (Self.figure(loudness.integrated, Figure.decibels), "LUFS integrated"),
            (Self.figure(loudness.range, Figure.decibels), "LU range"),
            (Self.figure(report.analysis.truePeak, Figure.signed), "dBTP true peak"),
            (Self.figure(report.peakToLoudness, Figure.decibels), "dB peak to loudness"),
        ].map { "<div><b>\($0)</b><span>\($1)</span></div>" }
        return "<div class=\"tiles\">\(tiles.joined())</div>"
    }

    private static func figure(_ value: Double?, _ format: (Double) -> String) -> String { value.map(format) ?? "–" }

    private var findings: String {
        guard !report.findings.isEmpty else { return "<p class=\"fine\">Nothing was found fault with.</p>" }
        let items = report.findings.map { finding in
            let details = [finding.comparison, finding.places(atMost: Self.placeLimit)].compactMap(\.self)
            let detail = details.isEmpty ? "" : "<p>\(details.joined(separator: ", ").escapedForHTML)</p>"
            let sources = finding.sources.map { "<li>\($0.line.escapedForHTML)</li>" }.joined()
            return """
                <li class="\(finding.severity.rawValue)"><div class="badge \(finding.severity.rawValue)">\
                \(finding.severity.rawValue)</div><div><p class="what">\(finding.message.escapedForHTML)\
                <code>\(finding.code.rawValue)</code></p>\(detail)<ul class="sources">\(sources)</ul></div></li>
                """
        }
        return "<ul class=\"findings\">\(items.joined(separator: "\n"))</ul>"
    }

    private var waveform: String {
        let height = WaveformChart.height(channels: report.inspection.format.channels)
        var canvas = SVGCanvas(width: Self.width, height: height, title: "Waveform of \(report.name)")
        WaveformChart(report: report, area: Area(x: 0, y: 0, width: Self.width, height: height)).draw(on: &canvas)
        return canvas.element
    }

    private var loudness: String {
        let height = LoudnessChart.height
        var canvas = SVGCanvas(width: Self.width, height: height, title: "Short-term loudness of \(report.name)")
        LoudnessChart(report: report, area: Area(x: 0, y: 0, width: Self.width, height: height)).draw(on: &canvas)
        return canvas.element
    }

    private var figures: String {
        let cells = report.figures.map { "<div><dt>\($0.name)</dt><dd>\($0.value.escapedForHTML)</dd></div>" }
        return "<dl class=\"figures\">\(cells.joined())</dl>"
    }

    private var channels: String {
        let rows = report.analysis.channels.enumerated().map { index, levels in
            let name = WaveformChart.channelName(index, of: report.inspection.format)
            return "<tr><td>\(name.isEmpty ? "mono" : name)</td>"
                + [
                    TrackReport.text(levels.truePeak, "dBTP", Figure.signed),
                    TrackReport.text(levels.samplePeak, "dBFS", Figure.signed), TrackReport.text(levels.rms, "dBFS"),
                    Figure.percent(levels.dcOffset),
                ].map { "<td class=\"n\">\($0)</td>" }.joined() + "</tr>"
        }
        return """
            <div class="wide"><table><thead><tr><th>Channel</th><th class="n">True peak</th><th class="n">Sample peak</th>\
            <th class="n">RMS</th><th class="n">DC offset</th></tr></thead><tbody>\(rows.joined())</tbody></table></div>
            """
    }

    private var identity: String {
        var entries = [
            ("File", report.file), ("Size", "\(Figure.grouped(report.bytes)) bytes"),
            ("Samples", "\(Figure.grouped(report.inspection.sampleFrames)) a channel"),
            ("SHA-256 of the file", report.sha256), ("SHA-256 of the samples", report.analysis.samplesSHA256),
        ]
        if let fingerprint = report.analysis.fingerprint {
            let seconds = Figure.decimal(fingerprint.duration, 0)
            entries.append(("Chromaprint \(fingerprint.algorithm), \(seconds) s", fingerprint.compressed))
        }
        let rows = entries.map { "<dt>\($0)</dt><dd>\($1.escapedForHTML)</dd>" }
        return "<dl class=\"identity\">\(rows.joined())</dl>"
    }
}
