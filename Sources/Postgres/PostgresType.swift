/// The type a bind is declared with. Source of the numbers: PostgreSQL's catalog `pg_type.dat`.
package struct PostgresType: Sendable, Hashable {
    /// Object identifier; 0 leaves the choice to the server, which takes the type from where the bind stands.
    package let oid: UInt32
    /// Object identifier of the array of this type; 0 leaves the choice to the server.
    package let arrayOID: UInt32

    package init(oid: UInt32, arrayOID: UInt32) {
        self.oid = oid
        self.arrayOID = arrayOID
    }

    /// Inferred by the server: text that may become an enum, a uuid, jsonb, an inet, whatever the column is.
    package static let inferred = PostgresType(oid: 0, arrayOID: 0)
    package static let bool = PostgresType(oid: 16, arrayOID: 1000)
    package static let int8 = PostgresType(oid: 20, arrayOID: 1016)
    package static let int4 = PostgresType(oid: 23, arrayOID: 1007)
    package static let float8 = PostgresType(oid: 701, arrayOID: 1022)
    package static let timestamptz = PostgresType(oid: 1184, arrayOID: 1185)
    package static let interval = PostgresType(oid: 1186, arrayOID: 1187)
    package static let uuid = PostgresType(oid: 2950, arrayOID: 2951)
}
