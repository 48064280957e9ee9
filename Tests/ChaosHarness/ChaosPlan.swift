/// What a run does. The same seed makes the same jobs and the same faults in the same order.
package struct ChaosPlan: Sendable {
    /// What the harness does to workers, connections and the server.
    package enum Fault: String, Sendable, Hashable, CaseIterable {
        /// SIGKILL to a worker; another one is started.
        case kill
        /// SIGSTOP to a worker for longer than a lease lives, then SIGCONT.
        case stop
        /// SIGTERM to a worker, which must end by itself with status 0; another one is started.
        case terminate
        /// Every connection is reset.
        case reset
        /// Every connection is closed.
        case close
        /// New connections are refused for some seconds.
        case refuse
        /// Connections carry nothing for some seconds.
        case stall
        /// The server is shut down fast and started again.
        case restart
        /// The server is shut down without a checkpoint, as by a crash, and started again.
        case crash
        /// The server is away for longer than a lease lives.
        case outage
        /// The connection pooler is restarted.
        case pooler

        /// False where the program that it takes is not installed.
        package var isPossible: Bool { self != .pooler || Pooler.isInstalled }
    }

    package var seed: UInt64
    package var jobs = 10_000
    package var workers = 6
    /// Jobs a worker runs at once.
    package var concurrency = 4
    /// The time over which jobs arrive; faults happen for as long as jobs arrive.
    package var duration: Duration = .seconds(300)
    /// The faults in their order; nil draws them from `weights`.
    package var faults: [Fault]?
    package var weights: [(fault: Fault, weight: Int)] = [
        (.kill, 6), (.stop, 2), (.terminate, 3), (.reset, 4), (.close, 2), (.refuse, 2), (.stall, 2), (.restart, 2),
        (.crash, 2), (.outage, 1), (.pooler, 1),
    ]
    /// Between two faults.
    package var pause: ClosedRange<Double> = 0.3...3
    /// How long a worker is stopped, in seconds: longer than a lease lives.
    package var stopped: ClosedRange<Double> = 16...22
    /// How long the proxy refuses, in seconds.
    package var refused: ClosedRange<Double> = 1...6
    /// How long the proxy stalls, in seconds.
    package var stalled: ClosedRange<Double> = 1...12
    /// How long the server stays away after a shutdown, in seconds.
    package var down: ClosedRange<Double> = 0...4
    /// How long an outage takes, in seconds: longer than a lease lives.
    package var away: ClosedRange<Double> = 16...24
    /// After the last fault all jobs must be finished within this time.
    package var settleLimit: Duration = .seconds(120)
    /// A third of the workers goes through pgbouncer in transaction pooling mode, where it is installed.
    package var usesPooler = true
    /// Gets a line for each thing that happens.
    package var report: @Sendable (String) -> Void = { _ in }

    package init(seed: UInt64) { self.seed = seed }
}
