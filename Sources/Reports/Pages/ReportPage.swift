import MediaContract

/// One or several reports as a self-contained HTML page: it asks for nothing, follows the reader's light or dark
/// setting, and prints on white.
package struct ReportPage {
    private let reports: [TrackReport]
    /// Name and version of the program, for the foot of the page.
    private let generator: String

    /// - Parameter reports: at least one, in the order of the page.
    package init(_ reports: [TrackReport], generator: String) {
        self.reports = reports
        self.generator = generator
    }

    /// The page in UTF-8.
    package var html: String {
        let title = reports.count == 1 ? reports[0].name : Figure.count(Int64(reports.count), "track")
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(title.escapedForHTML) – audio report</title>
            <style>\(Paint.styleSheet)\(PageStyle.css)</style>
            </head>
            <body>
            <main>
            \(reports.count > 1 ? albumSection : "")
            \(reports.enumerated().map { TrackSection(report: $1, id: "track-\($0 + 1)").html }.joined(separator: "\n"))
            </main>
            <footer>\(generator.escapedForHTML). Loudness by EBU R 128 and ITU-R BS.1770-4. \
            Findings are for a reviewer: nothing was changed in the audio.</footer>
            </body>
            </html>

            """
    }

    /// All tracks at a glance, and what they are as one programme.
    private var albumSection: String {
        let rows = reports.enumerated().map { index, report in
            """
            <tr><td><a href="#track-\(index + 1)"><bdi>\(report.name.escapedForHTML)</bdi></a></td>\
            <td class="n">\(Figure.time(report.inspection.duration))</td>\
            <td class="n">\(TrackReport.text(report.analysis.loudness.integrated, "LUFS"))</td>\
            <td class="n">\(TrackReport.text(report.analysis.loudness.range, "LU"))</td>\
            <td class="n">\(TrackReport.text(report.analysis.truePeak, "dBTP", Figure.signed))</td>\
            <td>\(TrackSection.counts(report.findings))</td></tr>
            """
        }
        return """
            <section class="album">
            <h1>\(Figure.count(Int64(reports.count), "track"))</h1>
            <p class="sub">As one programme: \(AlbumReport(reports).line.escapedForHTML)</p>
            <div class="wide"><table>
            <thead><tr><th>File</th><th class="n">Length</th><th class="n">Integrated</th><th class="n">Range</th>\
            <th class="n">True peak</th><th>Findings</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody></table></div>
            </section>
            """
    }
}
