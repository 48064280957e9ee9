import MediaContract

/// Short-term loudness over time, with the integrated loudness and the levels that players and broadcasters aim at.
struct LoudnessChart {
    let report: TrackReport
    /// The whole chart, texts included.
    let area: Area

    static let height = 210.0
    private static let left = WaveformChart.left
    private static let right = WaveformChart.right
    private static let top = 12.0
    private static let bottom = 22.0
    private static let pointLimit = 1024

    /// LUFS and who aims at it.
    private static let targets: [(level: Double, name: String)] = [
        (-14, "-14 streaming"), (-23, "-23 EBU R 128"),
    ]

    private var loudness: LoudnessMeasurement { report.analysis.loudness }

    /// LUFS at the bottom and top, in steps of 6: what matters of the track, and the targets. Fades and pauses go
    /// below the bottom.
    private var levels: ClosedRange<Double> {
        let series = loudness.shortTerm.map(Double.init)
        let integrated = loudness.integrated ?? -24
        let least = min(max(series.min() ?? -30, integrated - 20), -30)
        let most = max(series.max() ?? -6, integrated, -6)
        let low = max(-66, (least / 6).rounded(.down) * 6)
        return low...min(60, max(low + 12, (most / 6).rounded(.up) * 6))
    }

    func draw(on canvas: inout some Canvas & ~Copyable) {
        let plot = Area(
            x: area.x + Self.left, y: area.y + Self.top, width: area.width - Self.left - Self.right,
            height: area.height - Self.top - Self.bottom)
        let axis = TimeAxis(duration: max(report.inspection.duration, 0.001), area: plot)
        let levels = levels
        func y(_ level: Double) -> Double {
            let share = (level - levels.lowerBound) / (levels.upperBound - levels.lowerBound)
            return plot.bottom - min(1, max(0, share)) * plot.height
        }
        canvas.fill(plot, .panel)
        axis.draw(on: &canvas)
        for level in stride(from: levels.lowerBound, through: levels.upperBound, by: 6) {
            canvas.stroke([Point(plot.x, y(level)), Point(plot.right, y(level))], .grid, width: 1, isDashed: false)
            canvas.write(
                Figure.decimal(level, 0), at: Point(plot.x - 8, y(level) + 4), .label, TextStyle(anchor: .end))
        }
        canvas.write("short-term LUFS", at: Point(plot.x, plot.y - 4), .label, TextStyle(size: 10))
        drawLine(axis, plot, y, on: &canvas)
        drawLevels(plot, y, on: &canvas)
    }

    private func drawLine(
        _ axis: TimeAxis, _ plot: Area, _ y: (Double) -> Double, on canvas: inout some Canvas & ~Copyable
    ) {
        let points = points.map { Point(axis.x($0.time), y($0.level)) }
        guard let first = points.first, let last = points.last else {
            canvas.write(
                "shorter than the 3 s that short-term loudness takes",
                at: Point(plot.x + plot.width / 2, plot.y + plot.height / 2), .label,
                TextStyle(size: 12, anchor: .middle))
            return
        }
        canvas.fill([Point(first.x, plot.bottom)] + points + [Point(last.x, plot.bottom)], .loudnessArea)
        canvas.stroke(points, .loudness, width: 1.6, isDashed: false)
    }

    /// Seconds and LUFS; of a long series the loudest of neighbours.
    private var points: [(time: Double, level: Double)] {
        let interval = Double(loudness.interval)
        let first = loudness.interval == 1 ? 3.0 : interval
        let series = loudness.shortTerm
        let size = max(1, (series.count + Self.pointLimit - 1) / Self.pointLimit)
        return stride(from: 0, to: series.count, by: size).map { start in
            let stretch = start..<min(start + size, series.count)
            let middle = Double(stretch.lowerBound + stretch.upperBound - 1) / 2
            return (first + middle * interval, Double(series[stretch].max() ?? -70))
        }
    }

    /// The lines' names stand to the right, pushed apart where they would touch.
    private func drawLevels(_ plot: Area, _ y: (Double) -> Double, on canvas: inout some Canvas & ~Copyable) {
        var lines = Self.targets.map { (level: $0.level, name: $0.name, paint: Paint.target) }
        if let integrated = loudness.integrated, levels.contains(integrated) {
            lines.append((integrated, "\(Figure.decibels(integrated)) integrated", .integrated))
        }
        var last = -Double.infinity
        for line in lines.filter({ levels.contains($0.level) }).sorted(by: { $0.level > $1.level }) {
            let y = y(line.level)
            let isOurs = line.paint == .integrated
            canvas.stroke(
                [Point(plot.x, y), Point(plot.right, y)], line.paint, width: isOurs ? 1.4 : 1, isDashed: !isOurs)
            let textY = max(y + 4, last + 14)
            last = textY
            canvas.write(line.name, at: Point(plot.right + 8, textY), line.paint, TextStyle(isBold: isOurs))
        }
    }
}
