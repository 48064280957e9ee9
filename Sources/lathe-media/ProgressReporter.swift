import MediaSandbox

/// Passes progress on to lathe, at most ten times a second: an encoder reports every frame.
struct ProgressReporter {
    private let channel: Channel
    private var next = SuspendingClock().now

    init(channel: Channel) {
        self.channel = channel
    }

    mutating func report(_ fraction: Double) {
        let now = SuspendingClock().now
        guard now >= next, (0...1).contains(fraction) else { return }
        next = now.advanced(by: .milliseconds(100))
        // Nobody to tell: the process is about to end.
        try? channel.send(.progress(fraction))
    }
}
