package import FoundationEssentials

/// A value that can stand in SQL as a bind.
///
/// An enum whose raw values are strings conforms by declaration alone; it is sent untyped, so it may go into a column
/// of a Postgres enum, text or varchar.
package protocol PostgresEncodable: Sendable {
    /// The type the bind is declared with.
    static var postgresType: PostgresType { get }
    /// The value in Postgres's text format, nil for NULL.
    /// - Throws: ``PostgresError`` of kind `encoding` for a value that Postgres cannot hold.
    func postgresText() throws(PostgresError) -> String?
}

/// A type of which arrays can be sent and read. Arrays themselves are not: Postgres's arrays do not nest.
package protocol PostgresArrayElement: Sendable {
    /// Its texts hold nothing that could be mistaken for the syntax of an array.
    static var isPlainInArrays: Bool { get }
}

extension PostgresArrayElement {
    package static var isPlainInArrays: Bool { false }
}

extension String: PostgresEncodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .inferred }
    package func postgresText() -> String? { self }
}

extension Bool: PostgresEncodable, PostgresArrayElement {
    package static var isPlainInArrays: Bool { true }
    package static var postgresType: PostgresType { .bool }
    package func postgresText() -> String? { self ? "t" : "f" }
}

extension Int: PostgresEncodable, PostgresArrayElement {
    package static var isPlainInArrays: Bool { true }
    package static var postgresType: PostgresType { .int8 }
    package func postgresText() -> String? { String(self) }
}

extension Int64: PostgresEncodable, PostgresArrayElement {
    package static var isPlainInArrays: Bool { true }
    package static var postgresType: PostgresType { .int8 }
    package func postgresText() -> String? { String(self) }
}

extension Int32: PostgresEncodable, PostgresArrayElement {
    package static var isPlainInArrays: Bool { true }
    package static var postgresType: PostgresType { .int4 }
    package func postgresText() -> String? { String(self) }
}

extension Double: PostgresEncodable, PostgresArrayElement {
    package static var isPlainInArrays: Bool { true }
    package static var postgresType: PostgresType { .float8 }
    /// The shortest text that reads back as the same number.
    package func postgresText() -> String? {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        return description
    }
}

extension UUID: PostgresEncodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .uuid }
    package static var isPlainInArrays: Bool { true }
    package func postgresText() -> String? { UUIDText.text(of: self) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package func postgresText() throws(PostgresError) -> String? {
        guard let self else { return nil }
        return try self.postgresText()
    }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    package static var isPlainInArrays: Bool { Wrapped.isPlainInArrays }
}

extension PostgresEncodable where Self: RawRepresentable, RawValue == String {
    package static var postgresType: PostgresType { .inferred }
    package func postgresText() -> String? { rawValue }
}
