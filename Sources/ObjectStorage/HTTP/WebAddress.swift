/// An absolute http or https URL in its parts, kept as they are written: path and query are percent-encoded and are
/// never decoded, normalised or encoded again, because a signature covers their very bytes.
struct WebAddress: Sendable, Hashable {
    /// `http` or `https`.
    var scheme: String
    /// Lower case; an IPv6 address keeps its brackets.
    var host: String
    /// nil where it is the scheme's own.
    var port: Int?
    /// Percent-encoded; empty or beginning with a slash.
    var path: String
    /// Percent-encoded, without the question mark; nil when there is none.
    var query: String?

    var isEncrypted: Bool { scheme == "https" }

    /// The host is an IP address, in front of which nothing can be put.
    var isNumeric: Bool { host.hasPrefix("[") || host.utf8.allSatisfy { !(0x61...0x7A).contains($0) } }

    /// Value of the `Host` header field: the port only where it is not the scheme's own.
    var authority: String { port.map { "\(host):\($0)" } ?? host }

    /// `scheme://host[:port]`
    var origin: String { "\(scheme)://\(authority)" }

    /// The URL as it is sent. It is never empty after the origin.
    var text: String { origin + (path.isEmpty ? "/" : path) + (query.map { "?" + $0 } ?? "") }

    /// Why a text is no address here, as the end of a sentence.
    struct Malformed: Error, Hashable {
        var reason: String
    }

    /// - Throws: ``Malformed`` for anything but http and https, and for user names, fragments, spaces and control
    ///   characters. The reason never repeats a user name or password.
    init(parsing text: String) throws(Malformed) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Malformed(reason: "has a space, a control character or a character that is not percent-encoded")
        }
        guard let separator = text.firstRange(of: "://") else {
            throw Malformed(reason: "does not begin with http:// or https://")
        }
        scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else {
            throw Malformed(reason: "does not begin with http:// or https://")
        }
        let rest = text[separator.upperBound...]
        guard !rest.contains("#") else { throw Malformed(reason: "has a fragment (#)") }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        (host, port) = try Self.parseAuthority(rest[..<end], scheme: scheme)
        let target = rest[end...].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = target.first.map(String.init) ?? ""
        query = target.count > 1 ? String(target[1]) : nil
        guard Self.hasValidEscapes(path), Self.hasValidEscapes(query ?? "") else {
            throw Malformed(reason: "has a % that does not begin an escape")
        }
    }

    private static func parseAuthority(
        _ authority: Substring, scheme: String
    ) throws(Malformed) -> (host: String, port: Int?) {
        guard !authority.contains("@") else {
            throw Malformed(reason: "holds a user name or password, which do not belong in a URL")
        }
        var host = authority
        var port: Int?
        let hostEnd = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[hostEnd...].lastIndex(of: ":") {
            guard let number = Int(authority[authority.index(after: colon)...]), (1...65535).contains(number) else {
                throw Malformed(reason: "has a port that is not a number from 1 to 65535")
            }
            port = number == (scheme == "https" ? 443 : 80) ? nil : number
            host = authority[..<colon]
        }
        guard isHost(host) else { throw Malformed(reason: "has no valid host name") }
        return (host.lowercased(), port)
    }

    private static func isHost(_ host: Substring) -> Bool {
        if host.hasPrefix("[") {
            return host.hasSuffix("]") && host.count > 2
                && host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        return !host.isEmpty && host.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_" }
    }

    private static func hasValidEscapes(_ text: String) -> Bool {
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "%") else { continue }
            for _ in 0..<2 {
                guard let digit = bytes.next(), Character(UnicodeScalar(digit)).isHexDigit else { return false }
            }
        }
        return true
    }
}
