package import FoundationEssentials

// timestamptz as text: "2026-02-03 04:05:06.789012+01", in DateStyle ISO (PostgreSQL documentation, section 8.5.2).
// Calendar arithmetic: proleptic Gregorian, as Postgres's; days are counted in eras of 400 years (146,097 days) that
// begin on 1 March, so that the leap day is the last of its year.

extension Date: PostgresEncodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .timestamptz }

    /// Rounded to the microsecond, Postgres's resolution.
    package func postgresText() throws(PostgresError) -> String? {
        // What Date stores, split before it is scaled: a product would lose the microseconds of far dates.
        let whole = timeIntervalSinceReferenceDate.rounded(.down)
        let microseconds = ((timeIntervalSinceReferenceDate - whole) * 1_000_000).rounded()
        // 4714-11-24 BC and 294276-12-31 AD, section 8.5.
        guard whole >= -211_845_110_400, whole < 9_223_339_708_800 else {
            throw PostgresError(.encoding, "the date lies outside what timestamptz can hold (4714 BC to 294276 AD)")
        }
        return Timestamp.text(
            microseconds: (Int64(whole) + Timestamp.secondsFrom1970To2001) * 1_000_000 + Int64(microseconds))
    }
}

extension Date: PostgresDecodable {
    /// Needs an offset: a `timestamp` without time zone names no instant and is refused, as is ±infinity.
    package init?(postgresText: String) {
        guard let microseconds = Timestamp.microseconds(of: postgresText) else { return nil }
        let (seconds, fraction) = microseconds.flooringQuotientAndRemainder(dividingBy: 1_000_000)
        self.init(
            timeIntervalSinceReferenceDate:
                Double(seconds - Timestamp.secondsFrom1970To2001) + Double(fraction) / 1_000_000)
    }
}

/// Instants as microseconds since 1970-01-01 00:00:00 UTC.
private enum Timestamp {
    /// To the reference date of Foundation's `Date`.
    static let secondsFrom1970To2001: Int64 = 978_307_200

    static func text(microseconds: Int64) -> String {
        let (seconds, fraction) = microseconds.flooringQuotientAndRemainder(dividingBy: 1_000_000)
        let (days, second) = seconds.flooringQuotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = civil(fromDays: days)
        let shownYear = year > 0 ? year : 1 - year
        return padded(shownYear, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + " "
            + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
            + "." + padded(fraction, 6) + "+00" + (year > 0 ? "" : " BC")
    }

    /// Nil where the text is no instant.
    static func microseconds(of text: String) -> Int64? {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(digits: 4...6), scanner.skip("-"), let month = scanner.number(digits: 2...2),
            scanner.skip("-"), let day = scanner.number(digits: 2...2), scanner.skip(" "),
            let hour = scanner.number(digits: 2...2), scanner.skip(":"), let minute = scanner.number(digits: 2...2),
            scanner.skip(":"), let second = scanner.number(digits: 2...2),
            let fraction = scanner.skip(".") ? scanner.fraction(digits: 6) : 0, let offset = scanner.offset()
        else { return nil }
        let isBeforeChrist = scanner.skip(" ") && scanner.skip("B") && scanner.skip("C")
        guard scanner.isAtEnd else { return nil }
        let days = days(fromCivil: isBeforeChrist ? 1 - year : year, month, day)
        return (days * 86_400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000 + fraction
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let (era, yearOfEra) = marchYear.flooringQuotientAndRemainder(dividingBy: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - daysFromEraZeroTo1970
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + daysFromEraZeroTo1970).flooringQuotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    /// Days from 0000-03-01 to 1970-01-01.
    private static let daysFromEraZeroTo1970: Int64 = 719_468
}

extension Int64 {
    /// Division that rounds towards minus infinity, so that instants before 1970 have remainders like any other.
    fileprivate func flooringQuotientAndRemainder(dividingBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// Reads fixed positions of ASCII text; a regular expression takes a hundred times as long.
private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    /// As many digits as there are; nil where they are too few or too many.
    mutating func number(digits allowed: ClosedRange<Int>) -> Int64? {
        var value: Int64 = 0
        var count = 0
        while let digit = rest.first?.asDigit, count <= allowed.upperBound {
            value = value * 10 + digit
            count += 1
            rest.removeFirst()
        }
        return allowed.contains(count) ? value : nil
    }

    /// Digits behind a decimal point, in units of the last of `digits` places.
    mutating func fraction(digits: Int) -> Int64? {
        let before = rest.count
        guard var value = number(digits: 1...digits) else { return nil }
        for _ in (before - rest.count)..<digits { value *= 10 }
        return value
    }

    /// "+01", "-03:30", "+05:41:16" in seconds.
    mutating func offset() -> Int64? {
        let isNegative = skip("-")
        guard isNegative || skip("+"), var seconds = number(digits: 2...2) else { return nil }
        seconds *= 3600
        for unit: Int64 in [60, 1] where skip(":") {
            guard let part = number(digits: 2...2) else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }
}

extension UInt8 {
    fileprivate var asDigit: Int64? { (48...57).contains(self) ? Int64(self) - 48 : nil }
}
