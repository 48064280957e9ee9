/// Decides which file of a batch is encoded when, and by how many threads. A pure state: it starts nothing.
///
/// A file a thread wastes nothing, so a file is split only where threads would find no other. How many threads encode a
/// file cannot change while it is encoded. So the last files of a batch take the threads that those still
/// running will soon let go as well, if what runs is nearly done: to share the cores for a moment costs less than to
/// leave all but one idle until the end.
struct ThreadShares {
    /// Leave to encode a file.
    struct Grant: Hashable {
        let file: Int
        let threads: Int
    }

    private struct Run {
        let work: Double
        let threads: Int
        var fraction = 0.0

        var left: Double { work * (1 - fraction) }
    }

    private let threads: Int
    /// Files that may yet ask.
    private var toCome: Int
    /// Files that have asked and are not done with.
    private var asked: Set<Int> = []
    private var waiting: [(file: Int, work: Double)] = []
    private var running: [Int: Run] = [:]

    /// - Parameters:
    ///   - threads: in all, at least 1.
    ///   - files: that each ask at most once, and then leave.
    init(threads: Int, files: Int) {
        self.threads = threads
        toCome = files
    }

    /// A file is to be encoded.
    /// - Parameter work: its size, or whatever else grows with the time it takes.
    mutating func ask(_ file: Int, work: Int64) -> [Grant] {
        toCome -= 1
        asked.insert(file)
        waiting.append((file, Double(work)))
        return grants()
    }

    /// A file is done with, whether or not it has asked.
    mutating func leave(_ file: Int) -> [Grant] {
        if asked.remove(file) == nil { toCome -= 1 }
        return end(file)
    }

    /// How far a running file is, 0…1.
    mutating func report(_ file: Int, _ fraction: Double) {
        running[file]?.fraction = fraction
    }

    /// A file is encoded, or its waiting is given up.
    mutating func end(_ file: Int) -> [Grant] {
        running[file] = nil
        waiting.removeAll { $0.file == file }
        return grants()
    }

    private mutating func grants() -> [Grant] {
        var grants: [Grant] = []
        while let next = waiting.first, running.values.reduce(0, { $0 + $1.threads }) < threads {
            let share = share(of: next.work)
            waiting.removeFirst()
            running[next.file] = Run(work: next.work, threads: share)
            grants.append(Grant(file: next.file, threads: share))
        }
        return grants
    }

    /// The threads for the first that waits: those that files with much left to do do not hold, divided among all that
    /// have yet to start.
    private func share(of work: Double) -> Int {
        let held = running.values.filter { $0.left > work / 2 }.reduce(0) { $0 + $1.threads }
        return max(1, (threads - held) / (waiting.count + toCome))
    }
}
