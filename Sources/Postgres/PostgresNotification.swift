/// What `NOTIFY` sent to a channel that a connection listens to.
package struct PostgresNotification: Sendable, Hashable {
    package let channel: String
    /// Empty where `NOTIFY` carried none.
    package let payload: String
    /// The server process that notified; equal to the receiver's own when a connection notifies itself.
    package let processID: Int32
}
