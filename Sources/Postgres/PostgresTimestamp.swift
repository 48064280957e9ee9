package import FoundationEssentials

// timestamptz as text: "2026-02-03 04:05:06.789012+01", in DateStyle ISO (PostgreSQL documentation, section 8.5.2).
// Calendar arithmetic: proleptic Gregorian, as Postgres's; days are counted in eras of 400 years (146,097 days) that
// begin on 1 March, so that the leap day is the last of its year.

extension Date: PostgresEncodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .timestamptz }

    /// Rounded to the microsecond, Postgres's resolution.
    package func postgresText() throws(PostgresError) -> String? {
        let microseconds = (timeIntervalSince1970 * 1_000_000).rounded()
        // 4714-11-24 BC and 294276-12-31 AD, section 8.5.
        guard microseconds >= -210_866_803_200e6, microseconds < 9_224_318_016_000e6 else {
            throw PostgresError(.encoding, "the date lies outside what timestamptz can hold (4714 BC to 294276 AD)")
        }
        return Timestamp.text(microseconds: Int64(microseconds))
    }
}

extension Date: PostgresDecodable {
    /// Needs an offset: a `timestamp` without time zone names no instant and is refused, as is ±infinity.
    package init?(postgresText: String) {
        guard let microseconds = Timestamp.microseconds(of: postgresText) else { return nil }
        self.init(timeIntervalSince1970: Double(microseconds) / 1_000_000)
    }
}

/// Instants as microseconds since 1970-01-01 00:00:00 UTC.
private enum Timestamp {
    static func text(microseconds: Int64) -> String {
        let (seconds, fraction) = microseconds.flooringQuotientAndRemainder(dividingBy: 1_000_000)
        let (days, second) = seconds.flooringQuotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = civil(fromDays: days)
        let shownYear = year > 0 ? year : 1 - year
        return padded(shownYear, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + " "
            + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
            + "." + padded(fraction, 6) + "+00" + (year > 0 ? "" : " BC")
    }

    static func microseconds(of text: String) -> Int64? {
        let pattern =
            /(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?/
        guard let match = text.wholeMatch(of: pattern)?.output,
            let year = Int64(match.1), let month = Int64(match.2), let day = Int64(match.3),
            let hour = Int64(match.4), let minute = Int64(match.5), let second = Int64(match.6),
            let offsetHours = Int64(match.9)
        else { return nil }
        let days = days(fromCivil: match.12 == nil ? year : 1 - year, month, day)
        let magnitude = offsetHours * 3600 + number(match.10) * 60 + number(match.11)
        let offset = match.8 == "-" ? -magnitude : magnitude
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        return seconds * 1_000_000 + number(match.7.map { $0 + String(repeating: "0", count: 6 - $0.count) })
    }

    private static func number(_ digits: (some StringProtocol)?) -> Int64 { digits.flatMap { Int64($0) } ?? 0 }

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
