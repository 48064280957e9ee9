/// What one kind of worker does. Both workers are the same machine around a different handler.
package protocol JobHandler: Sendable {
    /// ``scan()`` does something, so that a wake-up begins with it; false where new rows are jobs already.
    var scans: Bool { get }

    /// Makes jobs out of what the application asked for, and completes what only waits for its last job. Does nothing
    /// by default. Runs at every poll, at every ring, and after the bell was armed. Where nothing is new it must write
    /// nothing: an INSERT of its own, be it of no row, rings and has it run again.
    func scan() async throws

    /// Does the work of one job and says what came of it. It holds no transaction while it works, and when its task
    /// is cancelled it stops soon and answers `.released`.
    func run(_ job: ClaimedJob) async -> JobOutcome
}

extension JobHandler {
    package var scans: Bool { false }

    package func scan() async throws {}
}
