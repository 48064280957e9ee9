/// Where the database is and how to sign in.
package struct PostgresConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// A URL or `key=value` list; nil where `parameters` are given.
    private let connectionString: String?
    private let parameters: [String: String]

    /// Shown in `pg_stat_activity`, unless the connection string names another.
    package var applicationName: String?

    /// The longest a connection attempt may take; nil leaves it to `connect_timeout` in the connection string or
    /// PGCONNECT_TIMEOUT, and 10 seconds where neither says anything.
    package var connectTimeout: Duration?

    /// - Parameter connectionString: `postgresql://user:password@host:port/database?…` or `host=… dbname=…`
    ///   (PostgreSQL documentation, section 34.1.1). Empty takes all from libpq's PG* environment and defaults.
    package init(connectionString: String) {
        self.connectionString = connectionString
        parameters = [:]
    }

    /// - Parameter parameters: libpq's keywords: host, port, dbname, user, password, sslmode … (section 34.1.2).
    ///   What is left out comes from libpq's PG* environment and defaults.
    package init(parameters: [String: String]) {
        connectionString = nil
        self.parameters = parameters
    }

    /// Keywords in the order libpq reads them; a later one wins. `dbname` may be a whole connection string.
    var keywords: [(keyword: String, value: String)] {
        var keywords = Self.defaults
        if let applicationName { keywords.append(("fallback_application_name", applicationName)) }
        if let connectionString {
            if !connectionString.isEmpty { keywords.append(("dbname", connectionString)) }
        } else {
            keywords += parameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
        keywords.append(("client_encoding", "UTF8"))
        return keywords
    }

    /// A server that vanished without a word is noticed within about a minute.
    private static let defaults = [
        ("fallback_application_name", "lathe"), ("keepalives_idle", "30"), ("keepalives_interval", "10"),
        ("keepalives_count", "3"), ("tcp_user_timeout", "60000"),
    ]

    /// The options that are safe to show, as `key=value`: never a password.
    package var description: String {
        let options = (try? resolvedOptions()) ?? []
        let shown = options.filter { Self.shownKeywords.contains($0.key) }.map { option in
            "\(option.key)=\(Self.isMisplacedPassword(option) ? "…" : option.value)"
        }
        return shown.isEmpty ? "libpq's defaults" : shown.joined(separator: " ")
    }

    package var debugDescription: String { description }

    /// What `dump` and error reporters see: no more than the description.
    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }

    private static let shownKeywords: Set = ["host", "hostaddr", "port", "dbname", "user", "service", "sslmode"]

    /// What the connection string or the parameters say, after libpq's own parser read them.
    /// - Throws: ``PostgresError`` of kind `invalidConfiguration`.
    func resolvedOptions() throws(PostgresError) -> [(key: String, value: String)] {
        guard let connectionString else { return parameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
        return try ConnectionOptions.parse(connectionString)
    }

    /// Finds before connecting what libpq would only answer with a message that quotes part of the password.
    func validate() throws(PostgresError) {
        for (keyword, value) in keywords where value.containsNUL || keyword.containsNUL {
            throw PostgresError(.invalidConfiguration, "the connection settings contain a NUL character")
        }
        guard try resolvedOptions().contains(where: Self.isMisplacedPassword) else { return }
        throw PostgresError(
            .invalidConfiguration,
            "the connection string's host or port cannot be right; "
                + "write special characters in the password as %40 for @, %2F for /, %3A for :")
    }

    /// A password with an unescaped @ or : ends up in the host or in the port.
    private static func isMisplacedPassword(_ option: (key: String, value: String)) -> Bool {
        switch option.key {
        case "host": option.value.contains("@")
        case "port": option.value.contains { !("0"..."9").contains($0) && $0 != "," }
        default: false
        }
    }
}
