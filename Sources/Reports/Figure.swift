/// Figures as people read them, the same whatever the locale: a report is compared with another host's.
package enum Figure {
    /// Digits after the point, rounded to the nearest; "-0.0" is "0.0".
    package static func decimal(_ value: Double, _ digits: Int = 1) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "-" }
        let scale = (0..<max(0, digits)).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int64((value * Double(scale)).rounded())
        let magnitude = scaled.magnitude
        let whole = "\(scaled < 0 ? "-" : "")\(magnitude / UInt64(scale))"
        guard digits > 0 else { return whole }
        let rest = "\(magnitude % UInt64(scale))"
        return whole + "." + String(repeating: "0", count: max(0, digits - rest.count)) + rest
    }

    /// Decibels and what is counted like them, one digit: "-14.0", "0.3".
    package static func decibels(_ value: Double) -> String { decimal(value, 1) }

    /// The same with its sign: "+0.3". Two digits where one would say 0.
    package static func signed(_ value: Double) -> String {
        let text = decimal(value, abs(value) < 1 ? 2 : 1)
        return value > 0 ? "+" + text : text
    }

    /// "0.12 %" of a share of 1.
    package static func percent(_ share: Double) -> String { decimal(share * 100, 2) + " %" }

    /// "16.0 kHz" of hertz; "44.1 kHz".
    package static func kilohertz(_ hertz: Double) -> String { decimal(hertz / 1000, 1) + " kHz" }

    /// "2.50 s".
    package static func seconds(_ seconds: Double) -> String { decimal(seconds, seconds < 10 ? 2 : 1) + " s" }

    /// A place on the time line: "3:25.37", "1:02:03.40".
    package static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, abs(seconds) < 1e9 else { return "-" }
        let hundredths = Int((max(0, seconds) * 100).rounded())
        return "\(clock(hundredths / 100)).\(padded(hundredths % 100))"
    }

    /// Whole seconds: "3:25", "1:02:03".
    package static func clock(_ seconds: Int) -> String {
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        return hours > 0
            ? "\(hours):\(padded(minutes)):\(padded(seconds % 60))" : "\(minutes):\(padded(seconds % 60))"
    }

    /// "1 run", "2 runs", "12 345 runs".
    package static func count(_ number: Int64, _ noun: String) -> String {
        "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
    }

    /// Thousands apart: "12 345 678".
    package static func grouped(_ number: Int64) -> String {
        let digits = Array("\(number.magnitude)")
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max(0, $0 - 3)..<$0]) }
        return (number < 0 ? "-" : "") + groups.reversed().joined(separator: " ")
    }

    private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
