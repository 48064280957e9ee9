/// A statement in the form libpq takes it: text with numbered binds, and each bind's type and text.
struct RenderedSQL {
    let text: String
    private(set) var types: [UInt32] = []
    private(set) var values: [String?] = []

    /// The protocol counts binds in 16 bits (Bind message, PostgreSQL documentation, section 55.7).
    static let maximumBinds = 65_535

    init(_ sql: SQL) throws(PostgresError) {
        text = sql.preparedText ?? sql.description
        guard !text.containsNUL else {
            throw PostgresError(.encoding, "the statement contains a NUL character, which Postgres does not accept")
        }
        for case .bind(let value) in sql.fragments {
            let text = try value.postgresText()
            if let text, text.containsNUL {
                throw PostgresError(
                    .encoding, "bind $\(values.count + 1) contains a NUL character, which Postgres text cannot hold")
            }
            types.append(type(of: value).postgresType.oid)
            values.append(text)
        }
        guard values.count <= Self.maximumBinds else {
            throw PostgresError(
                .encoding,
                "the statement has \(values.count) binds and Postgres takes \(Self.maximumBinds); pass an array instead"
            )
        }
    }
}

extension String {
    var containsNUL: Bool { utf8.contains(0) }
}
