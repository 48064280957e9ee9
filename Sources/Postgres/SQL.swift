/// A statement whose values are binds, never text.
///
/// ```swift
/// let sql: SQL = "SELECT title FROM tracks WHERE id = \(id)"        // … WHERE id = $1
/// ```
/// A `String` is sent untyped and takes the type of the place it stands in (an enum, jsonb, uuid); numbers, dates and
/// identifiers are sent with their types. `\(identifier:)` quotes a name, `\(sql:)` splices another statement and
/// renumbers its binds, `\(unsafeRaw:)` is text that nothing checks.
package struct SQL: Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    enum Fragment: Sendable {
        case text(String)
        case bind(any PostgresEncodable)
    }

    private(set) var fragments: [Fragment]
    /// The text of a ``prepared`` statement.
    private(set) var preparedText: String?

    package init(stringLiteral text: String) { fragments = [.text(text)] }

    package init(stringInterpolation: StringInterpolation) { fragments = stringInterpolation.fragments }

    /// Text that nothing checks: for statements from files, never for values.
    package init(unsafeRaw text: String) { fragments = [.text(text)] }

    /// The same statement for a connection that will see it again and again: the server parses and plans it once. Where
    /// a pooler may give the next statement to another server process, it is sent like any other.
    package var prepared: SQL {
        var copy = self
        copy.preparedText = description
        return copy
    }

    /// The statement as it is sent, without the values of its binds: they may be secrets.
    package var description: String {
        var bindCount = 0
        return fragments.reduce(into: "") { text, fragment in
            switch fragment {
            case .text(let raw): text += raw
            case .bind:
                bindCount += 1
                text += "$\(bindCount)"
            }
        }
    }

    /// Collects the pieces of an interpolated statement.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var fragments: [Fragment] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            fragments.reserveCapacity(interpolationCount * 2 + 1)
        }

        package mutating func appendLiteral(_ literal: String) { fragments.append(.text(literal)) }

        /// A value, sent as a bind.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) { fragments.append(.bind(value)) }

        /// A value or NULL. Without this overload the compiler warns of every optional in a statement.
        package mutating func appendInterpolation(_ value: (some PostgresEncodable)?) {
            fragments.append(.bind(value))
        }

        /// The name of a table, column, channel …, quoted.
        package mutating func appendInterpolation(identifier: String) {
            fragments.append(.text(identifier.quotedAsIdentifier))
        }

        /// Another statement or part of one, its binds renumbered.
        package mutating func appendInterpolation(sql: SQL) { fragments += sql.fragments }

        /// Text that nothing checks.
        package mutating func appendInterpolation(unsafeRaw text: String) { fragments.append(.text(text)) }
    }
}

extension Sequence<SQL> {
    /// One statement of several parts: conditions by " AND ", columns by ", ".
    package func joined(separator: SQL) -> SQL {
        var result: SQL = ""
        for (index, part) in enumerated() {
            result = index == 0 ? part : "\(sql: result)\(sql: separator)\(sql: part)"
        }
        return result
    }
}

extension String {
    var quotedAsIdentifier: String {
        "\"" + unicodeScalars.reduce(into: "") { $0 += $1 == "\"" ? "\"\"" : String($1) } + "\""
    }
}
