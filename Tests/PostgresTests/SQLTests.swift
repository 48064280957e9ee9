import Testing

@testable import Postgres

struct SQLTests {
    @Test func interpolatedValuesBecomeNumberedBinds() throws {
        let sql: SQL = "SELECT * FROM t WHERE a = \(1) AND b = \("x'; DROP TABLE t; --") AND c = \(nil as Bool?)"
        let rendered = try RenderedSQL(sql)
        #expect(rendered.text == "SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3")
        #expect(rendered.values == ["1", "x'; DROP TABLE t; --", nil])
        #expect(rendered.types == [20, 0, 16])
    }

    @Test func splicedStatementsAreRenumbered() throws {
        let condition: SQL = "b = \(2) OR c = \(3)"
        let rendered = try RenderedSQL("SELECT \(1) WHERE \(sql: condition) LIMIT \(4)")
        #expect(rendered.text == "SELECT $1 WHERE b = $2 OR c = $3 LIMIT $4")
        #expect(rendered.values == ["1", "2", "3", "4"])
    }

    @Test func joinedPartsKeepTheirOrder() throws {
        let parts: [SQL] = ["a = \(1)", "b = \(2)", "c = \(3)"]
        let rendered = try RenderedSQL(parts.joined(separator: " AND "))
        #expect(rendered.text == "a = $1 AND b = $2 AND c = $3")
        #expect(rendered.values == ["1", "2", "3"])
        #expect([SQL]().joined(separator: ", ").description.isEmpty)
    }

    @Test(arguments: [("plain", "\"plain\""), ("a\"b", "\"a\"\"b\""), ("Ärger", "\"Ärger\""), ("", "\"\"")])
    func identifiersAreQuoted(name: String, quoted: String) {
        #expect(SQL("\(identifier: name)").description == quoted)
    }

    @Test func aDescriptionShowsNoValue() {
        let sql: SQL = "UPDATE users SET password_hash = \("hunter2")"
        #expect("\(sql)" == "UPDATE users SET password_hash = $1")
        #expect(!String(reflecting: sql).contains("hunter2"))
    }

    @Test(
        arguments: ["SELECT \("a\0b")", "SELECT \(["a\0b"])", "SELECT \(unsafeRaw: "1\0")", "\(identifier: "a\0")"]
            as [SQL])
    func nulIsRefusedBeforeItCutsTheTextShort(sql: SQL) {
        let error = #expect(throws: PostgresError.self) { try RenderedSQL(sql) }
        #expect(error?.kind == .encoding)
        #expect(error?.message.contains("NUL") == true)
    }

    @Test func moreBindsThanTheProtocolCountsAreRefused() {
        let binds = (0...RenderedSQL.maximumBinds).map { SQL("\($0)") }
        var sql: SQL = "SELECT 1 "
        // Spliced one by one, because joining copies all of them each time.
        for bind in binds.prefix(3) { sql = "\(sql: sql)\(sql: bind)" }
        #expect(throws: Never.self) { try RenderedSQL(sql) }
        let error = #expect(throws: PostgresError.self) { try RenderedSQL(SQL(concatenating: binds)) }
        #expect(error?.message.contains("65536 binds") == true)
    }
}

extension SQL {
    fileprivate init(concatenating parts: [SQL]) {
        var interpolation = StringInterpolation(literalCapacity: 0, interpolationCount: parts.count)
        for part in parts { interpolation.appendInterpolation(sql: part) }
        self.init(stringInterpolation: interpolation)
    }
}
