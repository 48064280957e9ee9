import Synchronization

/// Keeps the order in which any threads appended.
final class Recorder<Element: Sendable>: Sendable {
    private let recorded = Mutex<[Element]>([])

    var elements: [Element] { recorded.withLock { $0 } }

    func append(_ element: Element) { recorded.withLock { $0.append(element) } }
}

/// Counts from any thread.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.wrappingAdd(1, ordering: .relaxed) }
}
