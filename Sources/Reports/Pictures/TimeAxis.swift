/// Places on a chart's time axis.
struct TimeAxis: Sendable {
    /// Seconds that the chart's width stands for; more than 0.
    let duration: Double
    let area: Area

    /// Between marks: what people count in.
    private static let steps = [
        0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400,
    ]
    /// Points that a mark with its text needs.
    private static let leastDistance = 80.0

    func x(_ seconds: Double) -> Double {
        area.x + area.width * min(1, max(0, seconds / duration))
    }

    /// Seconds of the marks, from 0 on.
    var marks: [Double] {
        let most = max(1, area.width / Self.leastDistance)
        let step = Self.steps.first { duration / $0 <= most } ?? duration
        return (0...Int(duration / step)).map { Double($0) * step }
    }

    /// Lines through the chart, and the times below it.
    func draw(on canvas: inout some Canvas & ~Copyable) {
        let isFine = marks.count > 1 && marks[1] < 1
        for mark in marks {
            let x = x(mark)
            canvas.stroke([Point(x, area.y), Point(x, area.bottom)], .grid, width: 1, isDashed: false)
            let text = isFine ? Figure.decimal(mark, 1) + " s" : Figure.clock(Int(mark.rounded()))
            // The first and the last would stick out.
            let anchor: TextStyle.Anchor = x < area.x + 12 ? .start : x > area.right - 16 ? .end : .middle
            canvas.write(text, at: Point(x, area.bottom + 15), .label, TextStyle(size: 11, anchor: anchor))
        }
    }
}
