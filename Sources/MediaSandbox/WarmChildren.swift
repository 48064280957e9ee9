import Logging
import MediaContract
import Synchronization

/// Processes that were started ahead of need and wait.
final class WarmChildren: Sendable {
    /// One process and the task of its life.
    private final class Waiting: Sendable {
        let handover = Handover()
        let life: Task<Result<ChildEnd?, MediaFailure>, Never>

        init(_ child: MediaChild) {
            life = Task { [handover] in
                do throws(MediaFailure) {
                    return .success(try await child.serve(handover))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    private struct State {
        var waiting: [Waiting] = []
        /// Asks for another process; nil while nobody keeps any.
        var vacancies: AsyncStream<Void>.Continuation?
    }

    private let state = Mutex(State())

    /// Before another is started in the place of one that died unused, which the next may do as well.
    private static let pause = Duration.seconds(5)

    /// Has a waiting process do it, and another started in its place. Cancelling the task kills the process.
    ///
    /// - Returns: nil where none waits.
    func serve(_ assignment: Assignment) async throws(MediaFailure) -> ChildEnd? {
        while let child = takeFirst() {
            guard child.handover.give(assignment) else { continue }
            state.withLock { _ = $0.vacancies?.yield() }
            let result = await withTaskCancellationHandler {
                await child.life.value
            } onCancel: {
                child.life.cancel()
            }
            return try result.get()
        }
        return nil
    }

    /// Keeps `count` waiting until the task is cancelled, and returns when all that were started are gone. Another call
    /// meanwhile returns at once.
    func keep(_ count: Int, starting child: MediaChild, logger: Logger) async {
        let (requests, vacancies) = AsyncStream.makeStream(of: Void.self)
        let isFirst = state.withLock { state in
            guard state.vacancies == nil else { return false }
            state.vacancies = vacancies
            return true
        }
        guard isFirst else { return }
        for _ in 0..<count { vacancies.yield() }
        await withDiscardingTaskGroup { group in
            for await _ in requests {
                let next = Waiting(child)
                state.withLock { $0.waiting.append(next) }
                group.addTask { await self.watch(next, logger: logger) }
            }
            let left = state.withLock { state in
                state.vacancies = nil
                // Not copied and then overwritten: Swift 6.3.1 optimises that to a retain after the release.
                var waiting: [Waiting] = []
                swap(&waiting, &state.waiting)
                return waiting
            }
            for child in left { child.handover.retire() }
        }
    }

    private func takeFirst() -> Waiting? {
        state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    /// Waits for the end of a process, and asks for another where it came before it was used.
    private func watch(_ child: Waiting, logger: Logger) async {
        let end = await child.life.value
        let wasWaiting = state.withLock { state in
            let before = state.waiting.count
            state.waiting.removeAll { $0 === child }
            return state.waiting.count < before
        }
        guard wasWaiting, !Task.isCancelled else { return }
        var reason = "it ended"
        if case .failure(let failure) = end { reason = failure.message }
        logger.warning("a lathe-media process died while it waited", metadata: ["reason": "\(reason)"])
        // Cancelled, nobody wants another.
        guard (try? await Task.sleep(for: Self.pause)) != nil else { return }
        state.withLock { _ = $0.vacancies?.yield() }
    }
}
