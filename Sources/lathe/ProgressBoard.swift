import Synchronization

/// One progress bar for files that are transcoded side by side.
final class ProgressBoard: Sendable {
    private struct State {
        var ended = 0
        var running: [String: Double] = [:]
    }

    private let state = Mutex(State())
    private let count: Int

    init(count: Int) {
        self.count = count
    }

    func update(_ file: String, _ fraction: Double) {
        draw { $0.running[file] = fraction }
    }

    func end(_ file: String) {
        draw {
            $0.running[file] = nil
            $0.ended += 1
        }
    }

    private func draw(_ change: (inout State) -> Void) {
        let (fraction, label) = state.withLock { state in
            change(&state)
            let done = Double(state.ended) + state.running.values.reduce(0, +)
            let names = state.running.keys.sorted().joined(separator: ", ")
            return (done / Double(max(count, 1)), count > 1 ? "\(state.ended)/\(count)  \(names)" : names)
        }
        Console.progress(label, fraction)
    }
}
