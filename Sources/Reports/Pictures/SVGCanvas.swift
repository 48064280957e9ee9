/// Draws into an SVG element for a page whose style sheet colours the paints (`Paint.styleSheet`).
struct SVGCanvas: Canvas {
    private let width: Double
    private let height: Double
    private let title: String
    private var elements = ""

    /// - Parameter title: what the picture shows, for those who do not see it.
    init(width: Double, height: Double, title: String) {
        self.width = width
        self.height = height
        self.title = title
    }

    /// The element as it stands in an HTML page.
    var element: String {
        "<svg role=\"img\" viewBox=\"0 0 \(number(width)) \(number(height))\" aria-label=\"\(title.escapedForHTML)\">"
            + elements + "</svg>"
    }

    mutating func fill(_ area: Area, _ paint: Paint) {
        elements +=
            "<rect class=\"f-\(paint)\" x=\"\(number(area.x))\" y=\"\(number(area.y))\""
            + " width=\"\(number(area.width))\" height=\"\(number(area.height))\"/>"
    }

    mutating func fill(_ outline: [Point], _ paint: Paint) {
        guard !outline.isEmpty else { return }
        elements += "<path class=\"f-\(paint)\" d=\"\(path(outline))Z\"/>"
    }

    mutating func stroke(_ line: [Point], _ paint: Paint, width: Double, isDashed: Bool) {
        guard !line.isEmpty else { return }
        let dashes = isDashed ? " stroke-dasharray=\"5 4\"" : ""
        elements += "<path class=\"s-\(paint)\" stroke-width=\"\(number(width))\"\(dashes) d=\"\(path(line))\"/>"
    }

    mutating func write(_ text: String, at place: Point, _ paint: Paint, _ style: TextStyle) {
        let weight = style.isBold ? " font-weight=\"600\"" : ""
        elements +=
            "<text class=\"f-\(paint)\" x=\"\(number(place.x))\" y=\"\(number(place.y))\""
            + " font-size=\"\(number(style.size))\" text-anchor=\"\(style.anchor.rawValue)\"\(weight)>"
            + "\(text.escapedForHTML)</text>"
    }

    /// Upright and level pieces in SVG's short forms: a waveform has thousands of them.
    private func path(_ points: [Point]) -> String {
        var text = ""
        var last: (x: String, y: String)?
        for point in points {
            let (x, y) = (number(point.x), number(point.y))
            switch last {
            case nil: text += "M\(x) \(y)"
            case (x, y)?: continue
            case (_, y)?: text += "H\(x)"
            case (x, _)?: text += "V\(y)"
            case _?: text += "L\(x) \(y)"
            }
            last = (x, y)
        }
        return text
    }

    private func number(_ value: Double) -> String {
        let text = Figure.decimal(value, 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension Paint {
    /// CSS that colours every paint, for light pages, dark ones and paper.
    static var styleSheet: String {
        func variables(_ colours: (Paint) -> (colour: UInt32, opacity: Double)) -> String {
            allCases.map { paint in
                let (colour, opacity) = colours(paint)
                let parts = [16, 8, 0].map { "\(colour >> UInt32($0) & 255)" }.joined(separator: " ")
                return "--\(paint):rgb(\(parts)\(opacity < 1 ? " / \(opacity)" : ""));"
            }.joined()
        }
        let classes = allCases.map { ".f-\($0){fill:var(--\($0))}.s-\($0){stroke:var(--\($0));fill:none}" }.joined()
        return ":root{color-scheme:light dark;\(variables(\.light))}"
            + "@media screen and (prefers-color-scheme:dark){:root{\(variables(\.dark))}}" + classes
    }
}
