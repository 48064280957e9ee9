/// The header of a response, put together from the lines libcurl hands over. A later status line (after a
/// `100 Continue`) starts anew.
struct ResponseHead: Sendable {
    /// 0 until a status line was read.
    private(set) var status = 0
    private(set) var headers = HTTPHeaders()
    /// The empty line behind the fields has come: without it libcurl takes a connection that ends for a response.
    private(set) var isComplete = false
    private var bytes = 0

    /// Far more than any store sends.
    static let maximumBytes = 128 << 10

    /// - Returns: False when the header is no HTTP or too large.
    mutating func receive(_ line: String) -> Bool {
        bytes += line.utf8.count
        guard bytes <= Self.maximumBytes else { return false }
        let line = line.trimmingWhiteSpace()
        if line.hasPrefix("HTTP/") {
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count >= 2, let status = Int(words[1]), (100...999).contains(status) else { return false }
            self.status = status
            headers = HTTPHeaders()
            isComplete = false
        } else if line.isEmpty {
            isComplete = true
        } else if let colon = line.firstIndex(of: ":") {
            headers.append(String(line[..<colon]), String(line[line.index(after: colon)...].trimmingWhiteSpace()))
        }
        return true
    }
}

extension StringProtocol {
    /// Without the white space HTTP allows around a value, and without the end of the line.
    func trimmingWhiteSpace() -> SubSequence {
        let isSpace = { (character: Character) in
            character == " " || character == "\t" || character == "\r" || character == "\n" || character == "\r\n"
        }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[first...last]
    }
}
