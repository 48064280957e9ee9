/// A five-character SQLSTATE as the server reports it. An open set: extensions and functions raise codes of their own.
/// Source: PostgreSQL documentation, appendix A, "PostgreSQL Error Codes".
package struct SQLState: RawRepresentable, Hashable, Sendable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    package static let featureNotSupported = SQLState(rawValue: "0A000")
    package static let protocolViolation = SQLState(rawValue: "08P01")
    package static let notNullViolation = SQLState(rawValue: "23502")
    package static let foreignKeyViolation = SQLState(rawValue: "23503")
    package static let uniqueViolation = SQLState(rawValue: "23505")
    package static let checkViolation = SQLState(rawValue: "23514")
    package static let inFailedTransaction = SQLState(rawValue: "25P02")
    package static let unknownStatement = SQLState(rawValue: "26000")
    package static let invalidAuthorization = SQLState(rawValue: "28000")
    package static let invalidPassword = SQLState(rawValue: "28P01")
    package static let invalidTextRepresentation = SQLState(rawValue: "22P02")
    package static let unknownDatabase = SQLState(rawValue: "3D000")
    package static let serializationFailure = SQLState(rawValue: "40001")
    package static let deadlockDetected = SQLState(rawValue: "40P01")
    package static let syntaxError = SQLState(rawValue: "42601")
    package static let insufficientPrivilege = SQLState(rawValue: "42501")
    package static let undefinedColumn = SQLState(rawValue: "42703")
    package static let undefinedTable = SQLState(rawValue: "42P01")
    package static let duplicateTable = SQLState(rawValue: "42P07")
    package static let tooManyConnections = SQLState(rawValue: "53300")
    package static let lockNotAvailable = SQLState(rawValue: "55P03")
    package static let queryCanceled = SQLState(rawValue: "57014")
    package static let adminShutdown = SQLState(rawValue: "57P01")
    package static let crashShutdown = SQLState(rawValue: "57P02")
    package static let cannotConnectNow = SQLState(rawValue: "57P03")

    /// The server is away, starting, stopping or full: the same statement may well succeed later, elsewhere nothing
    /// is wrong. Class 08 (connection exception), 57P01–57P03 (shutdown and recovery) and 53300.
    package var isConnectionFailure: Bool {
        rawValue.hasPrefix("08")
            || [.adminShutdown, .crashShutdown, .cannotConnectNow, .tooManyConnections].contains(self)
    }
}
