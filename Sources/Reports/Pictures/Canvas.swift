/// Something to draw on: a picture's pixels or a page's SVG. Coordinates are in points from the top left corner; each
/// kind of thing has its paint, so that one drawing serves light and dark pages and paper.
protocol Canvas: ~Copyable {
    /// Fills a rectangle.
    mutating func fill(_ area: Area, _ paint: Paint)
    /// Fills a polygon.
    mutating func fill(_ outline: [Point], _ paint: Paint)
    /// Draws a line through points.
    mutating func stroke(_ line: [Point], _ paint: Paint, width: Double, isDashed: Bool)
    /// Writes one line of text with its baseline at `place`.
    mutating func write(_ text: String, at place: Point, _ paint: Paint, _ style: TextStyle)
}

struct Point: Sendable, Hashable {
    var x: Double
    var y: Double

    init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }
}

/// A rectangle.
struct Area: Sendable, Hashable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    var right: Double { x + width }
    var bottom: Double { y + height }
}

/// How text stands and looks.
struct TextStyle: Sendable, Hashable {
    enum Anchor: String, Sendable {
        case start, middle, end
    }

    var size = 11.0
    var anchor = Anchor.start
    var isBold = false
}

/// What is painted, not how: colours are the canvas's.
enum Paint: String, Sendable, CaseIterable {
    case background
    /// Behind a chart.
    case panel
    /// Lines behind the data.
    case grid
    /// The line at 0.
    case zero
    /// Titles.
    case title
    /// Text at axes.
    case label
    /// From the least to the greatest sample.
    case peak
    /// Root mean square.
    case rms
    /// Silences.
    case silence
    /// Clipped runs, and samples that are no numbers.
    case clip
    /// The area under the loudness line.
    case loudnessArea
    /// Short-term loudness.
    case loudness
    /// Integrated loudness.
    case integrated
    /// Levels that players and broadcasters aim at.
    case target
    case block, warn, note

    /// 0xRRGGBB and opacity on white.
    var light: (colour: UInt32, opacity: Double) {
        switch self {
        case .background: (0xFFFFFF, 1)
        case .panel: (0xF5F7F9, 1)
        case .grid: (0xDDE3E9, 1)
        case .zero: (0xB4C0CB, 1)
        case .title: (0x16202A, 1)
        case .label: (0x5A6875, 1)
        case .peak: (0x8FB8D8, 1)
        case .rms: (0x2B6C9F, 1)
        case .silence: (0x8A6FB0, 0.20)
        case .clip: (0xD1242F, 1)
        case .loudnessArea: (0x1F8A70, 0.16)
        case .loudness: (0x1F8A70, 1)
        case .integrated: (0x16202A, 1)
        case .target: (0xB26A00, 1)
        case .block: (0xB3141F, 1)
        case .warn: (0xA85B00, 1)
        case .note: (0x4A6072, 1)
        }
    }

    /// The same on a dark page.
    var dark: (colour: UInt32, opacity: Double) {
        switch self {
        case .background: (0x0F1419, 1)
        case .panel: (0x161D25, 1)
        case .grid: (0x2A343F, 1)
        case .zero: (0x475563, 1)
        case .title: (0xE8EDF2, 1)
        case .label: (0x9AA8B5, 1)
        case .peak: (0x3F6F94, 1)
        case .rms: (0x7FC0EE, 1)
        case .silence: (0xB79AE0, 0.22)
        case .clip: (0xFF5C66, 1)
        case .loudnessArea: (0x4CC9A4, 0.15)
        case .loudness: (0x4CC9A4, 1)
        case .integrated: (0xE8EDF2, 1)
        case .target: (0xE6A23C, 1)
        case .block: (0xFF6B74, 1)
        case .warn: (0xF0A84B, 1)
        case .note: (0x9FB3C4, 1)
        }
    }
}
