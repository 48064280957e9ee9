import Foundation
import Synchronization

/// The jobs that run in this process, by lease: what the incarnation's beat compares with the rows it holds.
final class RunningJobs: Sendable {
    private struct Entry {
        let since: ContinuousClock.Instant
        /// Nil once the work has ended and its outcome is about to be written.
        var stop: (@Sendable () -> Void)?
    }

    private struct State {
        var jobs: [UUID: Entry] = [:]
        /// Leases that the last beat found in the database and not here.
        var suspects: Set<UUID> = []
    }

    private let state = Mutex(State())

    /// - Parameter stop: tells the job's work to end; its outcome can no longer be written.
    func insert(_ lease: UUID, stop: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs[lease] = Entry(since: .now, stop: stop) }
    }

    /// The work has ended; the lease is still in use until its outcome is written.
    func workEnded(_ lease: UUID) {
        state.withLock { $0.jobs[lease]?.stop = nil }
    }

    func remove(_ lease: UUID) {
        state.withLock { $0.jobs[lease] = nil }
    }

    /// What a beat's answer amounts to.
    struct Comparison {
        /// How many jobs were told to stop, because their lease is no longer held: they were cancelled, or changed by
        /// hand, or taken by another worker.
        var stopped = 0
        /// Leases held in the database for two beats that nothing here runs: the answer to their claim was lost, or their
        /// outcome could not be written.
        var strays: [UUID] = []
    }

    /// - Parameters:
    ///   - held: the leases the database knows to be this incarnation's.
    ///   - sentAt: when it was asked; what was claimed since then is not in the answer.
    func compare(with held: Set<UUID>, askedAt sentAt: ContinuousClock.Instant) -> Comparison {
        let (lost, strays) = state.withLock { state in
            let lost = state.jobs.filter { $0.value.since < sentAt && !held.contains($0.key) }.values.compactMap(\.stop)
            let unknown = held.subtracting(state.jobs.keys)
            let strays = unknown.intersection(state.suspects)
            state.suspects = unknown.subtracting(strays)
            return (lost, Array(strays))
        }
        for stop in lost { stop() }
        return Comparison(stopped: lost.count, strays: strays)
    }
}
