/// The rows a statement returned, kept as libpq received them and decoded when asked.
package struct PostgresRows: RandomAccessCollection, Sendable {
    private let storage: ResultStorage

    init(_ result: consuming ResultHandle) { storage = ResultStorage(result) }

    package var startIndex: Int { 0 }
    package var endIndex: Int { storage.result.rowCount }

    package subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "row \(position) of \(count)")
        return PostgresRow(storage: storage, index: position)
    }

    /// Rows the statement touched: returned by SELECT, changed by INSERT, UPDATE, DELETE; 0 for other commands.
    package var affected: Int { storage.result.affected }

    /// What the server did: "SELECT 1", "COMMIT".
    var commandTag: String { storage.result.commandTag }

    /// The only row.
    /// - Throws: ``PostgresError`` of kind `decoding` where there are none or several.
    package func single() throws(PostgresError) -> PostgresRow {
        guard count == 1 else { throw PostgresError(.decoding, "expected exactly one row and got \(count)") }
        return self[0]
    }
}

/// One result and the positions of its columns, shared by the rows cut from it.
final class ResultStorage: Sendable {
    let result: ResultHandle
    /// The first column of each name.
    let columns: [String: Int]

    init(_ result: consuming ResultHandle) {
        var columns: [String: Int] = [:]
        for column in (0..<result.columnCount).reversed() { columns[result.columnName(column)] = column }
        self.columns = columns
        self.result = result
    }
}
