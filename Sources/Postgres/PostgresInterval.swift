// interval as text: "1 day -02:03:04.5", in IntervalStyle postgres (PostgreSQL documentation, section 8.5.5).

extension Duration: PostgresEncodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .interval }

    /// Rounded to the microsecond, half away from zero; Postgres's resolution.
    package func postgresText() throws(PostgresError) -> String? {
        let (seconds, attoseconds) = components
        let half: Int64 = attoseconds < 0 ? -500_000_000_000 : 500_000_000_000
        let fraction = (attoseconds + half) / 1_000_000_000_000
        let (product, overflowed) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (microseconds, carried) = product.addingReportingOverflow(fraction)
        guard !overflowed, !carried else {
            throw PostgresError(.encoding, "the duration is longer than an interval can hold (292,471 years)")
        }
        let (total, part) = microseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        let digits = String(part)
        return (microseconds < 0 ? "-" : "") + "\(total / 3600):\(total / 60 % 60):\(total % 60)."
            + String(repeating: "0", count: 6 - digits.count) + digits
    }
}

extension Duration: PostgresDecodable {
    /// A day counts 24 hours. Intervals with months or years are refused: they have no fixed length.
    package init?(postgresText: String) {
        let pattern = /(?:([+-]?\d+) days? ?)?(?:([+-])?(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?/
        guard !postgresText.isEmpty, let match = postgresText.wholeMatch(of: pattern)?.output else { return nil }
        let (_, days, sign, hours, minutes, seconds, fraction) = match
        func number(_ digits: Substring?) -> Int64? { digits.map { Int64($0) } ?? 0 }
        guard let days = number(days), let hours = number(hours), let minutes = number(minutes),
            let seconds = number(seconds), hours < Int64.max / 7200,
            let microseconds = number(fraction.map { $0 + String(repeating: "0", count: 6 - $0.count) })
        else { return nil }
        let time = Duration.seconds(hours * 3600 + minutes * 60 + seconds) + .microseconds(microseconds)
        self = .seconds(days * 86_400) + (sign == "-" ? .zero - time : time)
    }
}
