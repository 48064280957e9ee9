import CPostgres

/// Reads connection strings with libpq's parser.
enum ConnectionOptions {
    /// The options a URL or `key=value` list sets, without defaults.
    /// - Throws: ``PostgresError`` of kind `invalidConfiguration`; its message quotes nothing of the string, which may
    ///   hold a password in any place.
    static func parse(_ connectionString: String) throws(PostgresError) -> [(key: String, value: String)] {
        // What libpq takes for the name of a database (section 34.1.2, dbname).
        guard connectionString.contains("=") || connectionString.contains("://") else {
            return connectionString.isEmpty ? [] : [("dbname", connectionString)]
        }
        var message: UnsafeMutablePointer<CChar>?
        let options = unsafe PQconninfoParse(connectionString, &message)
        defer { unsafe PQfreemem(message) }
        guard let options = unsafe options else {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? "out of memory"
            throw PostgresError(
                .invalidConfiguration,
                "the connection string cannot be read: \(withoutQuotedText(reason)); "
                    + "expected postgresql://user:password@host:port/database")
        }
        defer { unsafe PQconninfoFree(options) }
        return unsafe pairs(options)
    }

    /// The options of a list that ends with an entry without keyword, as libpq's lists do.
    static func pairs(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [(key: String, value: String)] {
        var pairs: [(String, String)] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe pairs.append((String(cString: keyword), String(cString: value)))
            }
            unsafe option += 1
        }
        return pairs
    }

    private static func withoutQuotedText(_ message: String) -> String {
        guard let first = message.firstIndex(of: "\""), let last = message.lastIndex(of: "\"") else { return message }
        return message[..<first] + "…" + message[message.index(after: last)...]
    }
}
