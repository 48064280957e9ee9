import MediaContract

/// A track on one picture: what it is, its waveform, its loudness over time.
package struct TrackPicture {
    private let report: TrackReport

    package init(_ report: TrackReport) {
        self.report = report
    }

    private static let width = 1200.0
    private static let margin = 24.0
    private static let head = 64.0
    private static let gap = 14.0
    /// Pixels a point: sharp on today's screens.
    private static let scale = 2.0
    /// Characters of a name that fit beside the findings' counts.
    private static let longestName = 80

    /// The bytes of a PNG file.
    ///
    /// - Throws: `PictureError` when memory runs out.
    package func png() throws(PictureError) -> [UInt8] {
        let waveform = WaveformChart.height(channels: report.inspection.format.channels)
        let height = Self.margin + Self.head + waveform + Self.gap + LoudnessChart.height + Self.margin / 2
        var canvas = try CairoCanvas(width: Self.width, height: height, scale: Self.scale)
        drawHead(on: &canvas)
        var area = Area(
            x: Self.margin, y: Self.margin + Self.head, width: Self.width - 2 * Self.margin, height: waveform)
        WaveformChart(report: report, area: area).draw(on: &canvas)
        area.y = area.bottom + Self.gap
        area.height = LoudnessChart.height
        LoudnessChart(report: report, area: area).draw(on: &canvas)
        return try canvas.png()
    }

    private func drawHead(on canvas: inout some Canvas & ~Copyable) {
        let name = report.name
        let shown =
            name.count > Self.longestName
            ? "\(name.prefix(Self.longestName / 2)) … \(name.suffix(Self.longestName / 2))" : name
        canvas.write(
            shown, at: Point(Self.margin, Self.margin + 16), .title, TextStyle(size: 19, isBold: true))
        canvas.write(report.formatLine, at: Point(Self.margin, Self.margin + 36), .label, TextStyle(size: 12.5))
        canvas.write(report.levelLine, at: Point(Self.margin, Self.margin + 54), .label, TextStyle(size: 12.5))
        var y = Self.margin + 14
        for severity in Finding.Severity.allCases {
            let count = report.findings.count { $0.severity == severity }
            guard count > 0 else { continue }
            canvas.write(
                "\(count) \(severity.rawValue)", at: Point(Self.width - Self.margin, y), severity.paint,
                TextStyle(size: 13, anchor: .end, isBold: true))
            y += 18
        }
    }
}

extension Finding.Severity {
    var paint: Paint {
        switch self {
        case .block: .block
        case .warn: .warn
        case .note: .note
        }
    }
}
