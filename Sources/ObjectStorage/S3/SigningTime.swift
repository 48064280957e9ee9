import FoundationEssentials

/// A moment as SigV4 writes it, in UTC.
struct SigningTime: Sendable, Hashable {
    /// `20150830T123600Z`, the value of `x-amz-date`.
    let dateAndTime: String
    /// `20150830`, the first part of the credential scope.
    var date: String { String(dateAndTime.prefix(8)) }

    /// - Parameter dateAndTime: In the form above.
    init(dateAndTime: String) {
        self.dateAndTime = dateAndTime
    }

    init(_ moment: Date) {
        let separated = moment.formatted(.iso8601)  // 2015-08-30T12:36:00Z
        self.init(dateAndTime: separated.filter { $0 != "-" && $0 != ":" })
    }
}
