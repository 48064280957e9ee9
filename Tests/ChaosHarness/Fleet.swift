import Foundation
import SystemPackage
import TestSupport

/// The worker processes, one a place: whoever ends one puts another in its place.
actor Fleet {
    /// One worker and what is known of it.
    struct Worker: Sendable {
        let place: Int
        let process: ChildProcess
    }

    private let folder: FilePath
    private let environment: @Sendable (Int) -> [String: String]
    private var workers: [Int: ChildProcess] = [:]
    private var logs: [Int: FilePath] = [:]
    private var generations = 0
    /// Stopped or about to end: no other fault meets them.
    private var isBusy: Set<Int> = []
    /// Workers that ended although nobody asked them to.
    private(set) var deserters: [String] = []

    static let program = RepositoryPaths.buildProducts.appending("chaos-worker")

    /// - Parameter environment: of the worker at a place.
    init(folder: FilePath, environment: @escaping @Sendable (Int) -> [String: String]) {
        self.folder = folder
        self.environment = environment
    }

    func start(_ count: Int) async throws {
        for place in 0..<count { try await fill(place) }
    }

    private func fill(_ place: Int) async throws {
        generations += 1
        let log = folder.appending("worker-\(place)-\(generations).log")
        logs[place] = log
        workers[place] = try await ChildProcess(
            Self.program.string, [], environment: environment(place), log: log)
        isBusy.remove(place)
    }

    /// It has registered; before that it is a program that knows no signals yet.
    private func isReady(_ place: Int) -> Bool {
        guard let log = logs[place], let text = try? String(contentsOfFile: log.string, encoding: .utf8) else {
            return false
        }
        return text.contains(" started")
    }

    /// Places of the workers that run undisturbed.
    private var free: [Int] {
        workers.filter { !isBusy.contains($0.key) && $0.value.end == nil && isReady($0.key) }.keys.sorted()
    }

    /// Waits until every worker is ready.
    /// - Throws: where one is not within `limit`.
    func assemble(within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while free.count < workers.count {
            guard ContinuousClock.now < deadline else {
                throw TestTools.Failure("only \(free.count) of \(workers.count) workers are ready after \(limit)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Takes a worker that runs undisturbed, for one fault; waits for one for up to `limit`.
    func take(within limit: Duration, using generator: inout SeededGenerator) async throws -> Worker? {
        let deadline = ContinuousClock.now + limit
        while free.isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(50)) }
        guard let place = free.randomElement(using: &generator), let process = workers[place] else { return nil }
        isBusy.insert(place)
        return Worker(place: place, process: process)
    }

    /// The worker runs on after its fault.
    func giveBack(_ worker: Worker) { isBusy.remove(worker.place) }

    /// The worker has ended by its fault; another one takes its place.
    func replace(_ worker: Worker) async throws { try await fill(worker.place) }

    /// Fills the places of workers that ended unasked, and remembers them.
    func muster() async throws {
        for (place, process) in workers where !isBusy.contains(place) {
            guard let end = process.end else { continue }
            deserters.append("worker \(place) (pid \(process.identifier)) ended by itself with \(end)")
            isBusy.insert(place)
            try await fill(place)
        }
    }

    /// Asks all of them to end.
    /// - Returns: those that did not end well.
    func dismiss(within limit: Duration) async -> [String] {
        for process in workers.values {
            process.signal(SIGCONT)
            process.signal(SIGTERM)
        }
        var complaints: [String] = []
        for (place, process) in workers.sorted(by: { $0.key < $1.key }) {
            let end = await process.end(within: limit)
            if end != .exited(0) { complaints.append("worker \(place) answered SIGTERM with \(end)") }
        }
        workers = [:]
        return complaints
    }

    /// Kills all of them; for a run that has failed.
    func abandon() async {
        for process in workers.values { process.signal(SIGKILL) }
        for process in workers.values { _ = await process.end(within: .seconds(5)) }
    }
}
