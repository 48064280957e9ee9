import CPostgres

/// Owns one `PGresult`.
@safe
struct ResultHandle: ~Copyable, @unchecked Sendable {
    // Sendable because libpq never changes a result after PQgetResult returned it, and reading one needs no
    // connection (PostgreSQL documentation, section 34.20, "Behavior in Threaded Programs").
    private let pointer: OpaquePointer

    /// Takes over what `PQgetResult` returned.
    init(owning pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQclear(pointer) }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }
    var rowCount: Int { unsafe Int(PQntuples(pointer)) }
    var columnCount: Int { unsafe Int(PQnfields(pointer)) }

    /// Rows a command touched, from its tag ("UPDATE 3"); 0 for commands that touch none.
    var affected: Int { unsafe PQcmdTuples(pointer).flatMap { unsafe Int(String(cString: $0)) } ?? 0 }

    /// What the server did: "SELECT 1", "COMMIT", "ROLLBACK".
    var commandTag: String { unsafe PQcmdStatus(pointer).map { unsafe String(cString: $0) } ?? "" }

    func columnName(_ column: Int) -> String {
        unsafe PQfname(pointer, Int32(column)).map { unsafe String(cString: $0) } ?? ""
    }

    func columnType(_ column: Int) -> UInt32 { unsafe PQftype(pointer, Int32(column)) }

    /// Nil for NULL. Row and column must be inside the result.
    func text(row: Int, column: Int) -> String? {
        guard unsafe PQgetisnull(pointer, Int32(row), Int32(column)) == 0 else { return nil }
        let length = unsafe Int(PQgetlength(pointer, Int32(row), Int32(column)))
        return unsafe PQgetvalue(pointer, Int32(row), Int32(column)).map { start in
            unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
        }
    }

    /// The server's or libpq's error in this result. Without a SQLSTATE libpq itself made it: the connection broke.
    var error: PostgresError {
        let message = unsafe Self.field(postgres_diag_message, of: pointer)
        guard let code = unsafe Self.field(postgres_diag_sqlstate, of: pointer) else {
            let text = unsafe PQresultErrorMessage(pointer).map { unsafe String(cString: $0) } ?? ""
            return PostgresError(.connectionLost, text.isEmpty ? "the connection to the server was lost" : text)
        }
        return PostgresError(
            .server(SQLState(rawValue: code)), message ?? "the server gave no message",
            detail: unsafe Self.field(postgres_diag_detail, of: pointer),
            hint: unsafe Self.field(postgres_diag_hint, of: pointer),
            constraint: unsafe Self.field(postgres_diag_constraint, of: pointer))
    }

    /// One field of an error or notice that is only borrowed, as a notice is inside its callback.
    static func field(_ name: Int32, of pointer: OpaquePointer) -> String? {
        unsafe PQresultErrorField(pointer, name).map { unsafe String(cString: $0) }
    }
}
