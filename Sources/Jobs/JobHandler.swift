/// What one kind of worker does. Both workers are the same machine around a different handler.
package protocol JobHandler: Sendable {
    /// Runs at every poll: makes jobs out of what the application asked for, and completes what only waits for
    /// its last job. Does nothing by default.
    func scan() async throws

    /// Does the work of one job and says what came of it. It holds no transaction while it works, and when its task
    /// is cancelled it stops soon and answers `.released`.
    func run(_ job: ClaimedJob) async -> JobOutcome
}

extension JobHandler {
    package func scan() async throws {}
}
