/// Why the workers cannot start.
public struct PipelineError: Error, Sendable, CustomStringConvertible {
    /// What stands in the way.
    public enum Kind: Sendable, Hashable {
        /// A setting is missing or wrong.
        case badConfiguration
        /// The database or the storage cannot be reached.
        case unreachable
    }

    /// What stands in the way.
    public let kind: Kind
    /// One sentence that says what to do.
    public let message: String

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
