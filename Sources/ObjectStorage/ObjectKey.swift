/// The rules every store's keys follow; see ``ObjectStore``.
enum ObjectKey {
    /// S3's limit in bytes of UTF-8, prefix included.
    static let maximumBytes = 1024

    /// - Parameter key: The whole key, the store's prefix included.
    static func validate(_ key: String) throws(ObjectStorageError) {
        guard let problem = problem(in: key) else { return }
        throw ObjectStorageError(.invalidKey, "object key \(quoted(key)) \(problem)")
    }

    /// What is wrong with a key, as the end of a sentence that begins with the key; nil when nothing is.
    static func problem(in key: String) -> String? {
        if key.isEmpty { return "is empty" }
        if key.utf8.count > maximumBytes { return "is longer than \(maximumBytes) bytes" }
        for segment in segments(of: key) {
            if segment.isEmpty { return "begins or ends with a slash, or has two in a row" }
            if segment == "." || segment == ".." { return "has the segment '\(segment)'" }
        }
        if key.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "has a control character"
        }
        return nil
    }

    /// What the slashes separate. Bytes are compared, not characters: a slash and a combining accent after it are one
    /// character to Swift and a separator to everybody else.
    static func segments(of key: String) -> [String] {
        key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// A key as an error shows it: short, on one line.
    static func quoted(_ key: String) -> String {
        let visible = key.unicodeScalars.prefix(200).map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : Character(scalar)
        }
        return "'\(String(visible))\(key.unicodeScalars.count > 200 ? "…" : "")'"
    }
}

extension String {
    /// The rest after a prefix whose bytes are the same; nil when it does not begin so.
    func removing(prefix: String) -> String? {
        guard utf8.starts(with: prefix.utf8) else { return nil }
        return String(decoding: utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
    }
}
