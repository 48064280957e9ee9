/// Who may have which connection: the rules of the pool, without any I/O.
///
/// A permit is the right to open one more connection. Connections and permits together never exceed `maximum`; whoever
/// gives one back hands it to the waiter that came first.
struct PoolState<Connection, Waiter> {
    enum Lease {
        case connection(Connection)
        case permit
    }

    enum Answer {
        case lease(Lease)
        case wait
        case closed
    }

    private(set) var isClosed = false
    /// Connections and permits handed out, plus idle connections.
    private(set) var open = 0
    private let maximum: Int
    /// The one used last is at the end and is used first: the others may fall silent.
    private var idle: [Connection] = []
    private var waiters: [(id: Int, waiter: Waiter)] = []
    private var lastID = 0

    init(maximum: Int) { self.maximum = max(1, maximum) }

    mutating func acquire() -> Answer {
        if isClosed { return .closed }
        if let connection = idle.popLast() { return .lease(.connection(connection)) }
        guard open < maximum else { return .wait }
        open += 1
        return .lease(.permit)
    }

    /// Callers in the queue.
    var waiting: Int { waiters.count }

    mutating func nextID() -> Int {
        lastID += 1
        return lastID
    }

    /// Puts a waiter at the end of the queue.
    mutating func enqueue(_ waiter: Waiter, id: Int) { waiters.append((id, waiter)) }

    /// Takes a waiter out of the queue; nil where it has left already.
    mutating func removeWaiter(id: Int) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index).waiter
    }

    /// Takes a usable connection back.
    /// - Returns: the waiter to hand the lease to.
    mutating func giveBack(_ connection: Connection) -> (Waiter, Lease)? {
        guard !isClosed else {
            open -= 1
            return nil
        }
        guard !waiters.isEmpty else {
            idle.append(connection)
            return nil
        }
        return (waiters.removeFirst().waiter, .connection(connection))
    }

    /// Takes the place of a connection that is no more, or of a permit that came to nothing.
    /// - Returns: the waiter to hand the permit to.
    mutating func giveBackPermit() -> (Waiter, Lease)? {
        guard !isClosed, !waiters.isEmpty else {
            open -= 1
            return nil
        }
        return (waiters.removeFirst().waiter, .permit)
    }

    /// From now on nothing is handed out.
    mutating func close() -> (idle: [Connection], waiters: [Waiter]) {
        defer {
            isClosed = true
            open -= idle.count
            idle = []
            waiters = []
        }
        return (idle, waiters.map(\.waiter))
    }
}
