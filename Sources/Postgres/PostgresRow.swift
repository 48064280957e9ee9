/// One row of a result.
package struct PostgresRow: Sendable {
    private let storage: ResultStorage
    private let index: Int

    init(storage: ResultStorage, index: Int) {
        self.storage = storage
        self.index = index
    }

    /// The value of a column by name. The first one where several have the name.
    /// - Throws: ``PostgresError`` of kind `decoding` where the column is missing, is NULL and `T` is not optional, or
    ///   holds no `T`; the message names column and types, never the value.
    package func decode<T: PostgresDecodable>(_ column: String, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard let position = storage.columns[column] else {
            throw PostgresError(
                .decoding,
                "the result has no column \"\(column)\", only \(storage.columns.keys.sorted().joined(separator: ", "))")
        }
        return try decode(position, as: type)
    }

    /// The value of a column by position, from 0.
    /// - Throws: as ``decode(_:as:)-(String,_)`` does.
    package func decode<T: PostgresDecodable>(_ column: Int, as type: T.Type = T.self) throws(PostgresError) -> T {
        guard (0..<storage.result.columnCount).contains(column) else {
            throw PostgresError(
                .decoding, "the result has no column \(column), only \(storage.result.columnCount) columns")
        }
        guard let text = storage.result.text(row: index, column: column) else {
            guard let null = T.postgresNull else {
                throw PostgresError(.decoding, "column \"\(name(column))\" is NULL and \(T.self) is not optional")
            }
            return null
        }
        guard let value = T(postgresText: text) else {
            throw PostgresError(
                .decoding,
                "column \"\(name(column))\" (type oid \(storage.result.columnType(column))) holds no \(T.self)")
        }
        return value
    }

    private func name(_ column: Int) -> String { storage.result.columnName(column) }
}
