import Synchronization

/// One progress bar for files that are worked on side by side, by their bytes.
final class ProgressBoard: Sendable {
    private struct Run {
        let name: String
        let bytes: Double
        let fraction: Double
    }

    private struct State {
        var ended = 0
        var endedBytes = 0.0
        var running: [Int: Run] = [:]
    }

    private let state = Mutex(State())
    private let files: Int
    private let bytes: Double

    init(files: Int, bytes: Int64) {
        self.files = files
        self.bytes = max(1, Double(bytes))
    }

    /// - Parameter number: the file's own.
    func update(_ number: Int, _ name: String, bytes: Int64, _ fraction: Double) {
        draw { $0.running[number] = Run(name: name, bytes: Double(bytes), fraction: fraction) }
    }

    func end(_ number: Int, bytes: Int64) {
        draw {
            $0.running[number] = nil
            $0.ended += 1
            $0.endedBytes += Double(bytes)
        }
    }

    private func draw(_ change: (inout State) -> Void) {
        guard Console.isInteractive else { return }
        let (fraction, label) = state.withLock { state in
            change(&state)
            let done = state.running.values.reduce(state.endedBytes) { $0 + $1.bytes * $1.fraction }
            let names = state.running.sorted { $0.key < $1.key }.map(\.value.name).joined(separator: ", ")
            return (min(1, done / bytes), files > 1 ? "\(state.ended)/\(files)  \(names)" : names)
        }
        Console.progress(label, fraction)
    }
}
