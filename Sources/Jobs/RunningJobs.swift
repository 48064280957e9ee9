import Foundation
import Synchronization

/// The jobs that run in this process, by lease: what the incarnation's beat compares with the rows it holds.
final class RunningJobs: Sendable {
    private struct Entry {
        let since = ContinuousClock.now
        /// Ends the work; nil before it began and once it has ended. Called under the lock, so never later than that.
        var stop: (@Sendable () -> Void)?
        var isLost = false
    }

    private struct State {
        var jobs: [UUID: Entry] = [:]
        /// Leases that the last beat found in the database and not here.
        var suspects: Set<UUID> = []
    }

    private let state = Mutex(State())

    func insert(_ leases: some Sequence<UUID>) {
        state.withLock { state in
            for lease in leases { state.jobs[lease] = Entry() }
        }
    }

    /// - Parameter stop: tells the work to end, because its outcome can no longer be written.
    func workBegan(_ lease: UUID, stop: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.jobs[lease]?.stop = stop
            if state.jobs[lease]?.isLost == true { stop() }
        }
    }

    /// The lease is still in use until the outcome is written.
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
        /// Leases held in the database for two beats that nothing here runs: the answer to their claim was lost, or
        /// their outcome could not be written.
        var strays: [UUID] = []
    }

    /// - Parameters:
    ///   - held: the leases the database knows to be this incarnation's.
    ///   - askedAt: when it was asked; what was claimed since then is not in the answer.
    func compare(with held: Set<UUID>, askedAt: ContinuousClock.Instant) -> Comparison {
        state.withLock { state in
            var comparison = Comparison()
            for (lease, entry) in state.jobs where entry.since < askedAt && !entry.isLost && !held.contains(lease) {
                state.jobs[lease]?.isLost = true
                guard let stop = entry.stop else { continue }
                stop()
                comparison.stopped += 1
            }
            let unknown = held.subtracting(state.jobs.keys)
            comparison.strays = Array(unknown.intersection(state.suspects))
            state.suspects = unknown.subtracting(comparison.strays)
            return comparison
        }
    }
}
