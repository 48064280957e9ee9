package import FoundationEssentials

/// A value that can be read from a column.
///
/// An enum whose raw values are strings conforms by declaration alone.
package protocol PostgresDecodable: Sendable {
    /// Reads Postgres's text format; nil where the text is no value of this type.
    init?(postgresText: String)
    /// What NULL becomes; nil where the type has no place for it.
    static var postgresNull: Self? { get }
}

extension PostgresDecodable {
    package static var postgresNull: Self? { nil }
}

extension String: PostgresDecodable {
    package init?(postgresText: String) { self = postgresText }
}

extension Bool: PostgresDecodable {
    package init?(postgresText: String) {
        switch postgresText {
        case "t": self = true
        case "f": self = false
        default: return nil
        }
    }
}

extension Int: PostgresDecodable {
    package init?(postgresText: String) { self.init(postgresText) }
}

extension Int64: PostgresDecodable {
    package init?(postgresText: String) { self.init(postgresText) }
}

extension Int32: PostgresDecodable {
    package init?(postgresText: String) { self.init(postgresText) }
}

extension Double: PostgresDecodable {
    package init?(postgresText: String) { self.init(postgresText) }
}

extension UUID: PostgresDecodable {
    package init?(postgresText: String) { self.init(uuidText: postgresText) }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init?(postgresText: String) {
        guard let value = Wrapped(postgresText: postgresText) else { return nil }
        self = .some(value)
    }

    package static var postgresNull: Wrapped?? { .some(nil) }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue == String {
    package init?(postgresText: String) { self.init(rawValue: postgresText) }
}
