import MediaContract

/// Each channel's peaks with the root mean square inside, silences shaded, clipped runs marked in red.
struct WaveformChart {
    let report: TrackReport
    /// The whole chart, texts included.
    let area: Area

    static let laneHeight = 96.0
    private static let gap = 6.0
    /// Margins as of the loudness chart, so that the times of both stand above each other.
    static let left = 40.0
    static let right = 116.0
    private static let top = 12.0
    private static let bottom = 22.0
    /// More would be closer together than a printer can show.
    private static let columnLimit = 1024

    private var overview: LevelOverview { report.analysis.overview }
    private var duration: Double { report.inspection.duration }

    /// Points that a chart of so many channels is high.
    static func height(channels: Int) -> Double {
        let lanes = Double(max(1, min(channels, LevelOverview.channelLimit)))
        return top + lanes * laneHeight + (lanes - 1) * gap + bottom
    }

    func draw(on canvas: inout some Canvas & ~Copyable) {
        let plot = Area(
            x: area.x + Self.left, y: area.y + Self.top, width: area.width - Self.left - Self.right,
            height: area.height - Self.top - Self.bottom)
        let axis = TimeAxis(duration: max(duration, 0.001), area: plot)
        let lanes = overview.channels.indices.map { index in
            Area(
                x: plot.x, y: plot.y + Double(index) * (Self.laneHeight + Self.gap), width: plot.width,
                height: Self.laneHeight)
        }
        for lane in lanes {
            canvas.fill(lane, .panel)
            for half in [0.25, 0.75] {
                let y = lane.y + lane.height * half
                canvas.stroke([Point(lane.x, y), Point(lane.right, y)], .grid, width: 1, isDashed: false)
            }
        }
        axis.draw(on: &canvas)
        for (index, lane) in lanes.enumerated() { draw(index, in: lane, on: &canvas) }
        drawSilences(axis, plot, on: &canvas)
        drawClips(axis, plot, on: &canvas)
    }

    private func draw(_ index: Int, in lane: Area, on canvas: inout some Canvas & ~Copyable) {
        let middle = lane.y + lane.height / 2
        let columns = overview.channels[index].columns(
            atMost: Self.columnLimit, samplesPerPoint: overview.samplesPerPoint, frames: report.inspection.sampleFrames)
        func y(_ level: Double) -> Double { middle - level * lane.height / 2 }
        func outline(_ low: (Column) -> Double, _ high: (Column) -> Double) -> [Point] {
            let there = columns.flatMap { column in
                [Point(x(column.start, lane), y(high(column))), Point(x(column.end, lane), y(high(column)))]
            }
            let back = columns.reversed().flatMap { column in
                [Point(x(column.end, lane), y(low(column))), Point(x(column.start, lane), y(low(column)))]
            }
            return there + back
        }
        canvas.fill(outline(\.low, \.high), .peak)
        canvas.fill(outline({ max($0.low, -$0.rms) }, { min($0.high, $0.rms) }), .rms)
        canvas.stroke([Point(lane.x, middle), Point(lane.right, middle)], .zero, width: 0.6, isDashed: false)
        let name = Self.channelName(index, of: report.inspection.format)
        canvas.write(
            name, at: Point(lane.x - 8, middle + 4), .label, TextStyle(size: 12, anchor: .end, isBold: true))
        drawCaps(columns, in: lane, on: &canvas)
        let levels = report.analysis.channels[index]
        let texts = [TrackReport.text(levels.truePeak, "dBTP", Figure.signed), TrackReport.text(levels.rms, "dB RMS")]
        for (line, text) in texts.enumerated() {
            canvas.write(text, at: Point(lane.right + 8, middle - 4 + 16 * Double(line)), .label, TextStyle())
        }
    }

    /// Red edges where samples reach full scale, all along the track: the runs that are listed are only the first ones.
    private func drawCaps(_ columns: [Column], in lane: Area, on canvas: inout some Canvas & ~Copyable) {
        let fullScale = 32_766.0 / 32_768
        for column in columns {
            let (start, end) = (x(column.start, lane), x(column.end, lane))
            let width = max(1, end - start)
            if column.high >= fullScale { canvas.fill(Area(x: start, y: lane.y, width: width, height: 2.5), .clip) }
            if column.low <= -fullScale {
                canvas.fill(Area(x: start, y: lane.bottom - 2.5, width: width, height: 2.5), .clip)
            }
        }
    }

    /// - Parameter share: of the whole duration.
    private func x(_ share: Double, _ lane: Area) -> Double { lane.x + share * lane.width }

    private func drawSilences(_ axis: TimeAxis, _ plot: Area, on canvas: inout some Canvas & ~Copyable) {
        let codes: Set<Finding.Code> = [.leadingSilence, .trailingSilence, .innerSilence]
        for span in report.findings.filter({ codes.contains($0.code) }).flatMap(\.spans) {
            let (start, end) = (axis.x(span.start), axis.x(span.end))
            canvas.fill(Area(x: start, y: plot.y, width: max(1, end - start), height: plot.height), .silence)
            guard end - start > 56 else { continue }
            canvas.write(
                "silence", at: Point((start + end) / 2, plot.y + 14), .label, TextStyle(size: 10, anchor: .middle))
        }
    }

    /// A line through the lanes with a head above them for each run, or for as many as the eye can tell apart.
    private func drawClips(_ axis: TimeAxis, _ plot: Area, on canvas: inout some Canvas & ~Copyable) {
        var last = -Double.infinity
        for span in report.findings.filter({ [.clipped, .notANumber].contains($0.code) }).flatMap(\.spans) {
            let x = axis.x(span.start)
            guard x - last >= 1.5 else { continue }
            last = x
            canvas.stroke([Point(x, plot.y), Point(x, plot.bottom)], .clip, width: 0.8, isDashed: false)
            canvas.fill([Point(x - 4, plot.y - 8), Point(x + 4, plot.y - 8), Point(x, plot.y - 1)], .clip)
        }
    }

    /// "L", "R", "3"; nothing for mono.
    static func channelName(_ index: Int, of format: AudioFormat) -> String {
        switch (format.channels, index) {
        case (1, _): ""
        case (2, 0): "L"
        case (2, _): "R"
        default: "\(index + 1)"
        }
    }
}

/// What is drawn as one upright stroke of a waveform.
struct Column: Sendable, Hashable {
    /// Shares of the whole duration.
    var start: Double
    var end: Double
    /// Full scale is ±1.
    var low: Double
    var high: Double
    var rms: Double
}

extension LevelOverview.Channel {
    /// Neighbouring points made one until there are at most `limit`.
    func columns(atMost limit: Int, samplesPerPoint: Int, frames: Int64) -> [Column] {
        let size = max(1, (minima.count + limit - 1) / limit)
        let share = Double(samplesPerPoint) / Double(max(1, frames))
        return stride(from: 0, to: minima.count, by: size).map { start in
            let points = start..<min(start + size, minima.count)
            let squares = rms[points].reduce(0) { $0 + Double($1) * Double($1) } / Double(points.count)
            return Column(
                start: Double(points.lowerBound) * share, end: min(1, Double(points.upperBound) * share),
                low: Double(minima[points].min() ?? 0) / 32_768, high: Double(maxima[points].max() ?? 0) / 32_768,
                rms: squares.squareRoot() / 32_768)
        }
    }
}
