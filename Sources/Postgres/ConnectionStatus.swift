import Synchronization

/// What any thread may know about a connection without asking it.
final class ConnectionStatus: Sendable {
    private let alive = Atomic(false)
    private let transaction = Atomic(false)

    var isAlive: Bool { alive.load(ordering: .acquiring) }

    /// A transaction is open, or failed and not yet rolled back.
    var isInTransaction: Bool { transaction.load(ordering: .acquiring) }

    func update(isAlive: Bool, isInTransaction: Bool) {
        alive.store(isAlive, ordering: .releasing)
        transaction.store(isInTransaction, ordering: .releasing)
    }
}
