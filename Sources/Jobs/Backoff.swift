import ServiceLifecycle

/// Waits between two attempts to reach a server: doubling from half a second to five.
struct Backoff {
    static let longest = Duration.seconds(5)

    private var next: Duration = .milliseconds(500)

    mutating func reset() {
        self = Backoff()
    }

    /// - Returns: false if the task was cancelled or asked to shut down meanwhile.
    mutating func wait() async -> Bool {
        let delay = next * Double.random(in: 0.5...1)
        next = min(next * 2, Self.longest)
        await cancelWhenGracefulShutdown { try? await Task.sleep(for: delay) }
        return !Task.isCancelled && !Task.isShuttingDownGracefully
    }
}
