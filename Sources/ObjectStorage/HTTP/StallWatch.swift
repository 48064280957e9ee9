/// Decides when a transfer has moved too little for too long. Pure: it is told the time.
struct StallWatch: Sendable {
    /// What has to move within the stall time; a slow line moves more, a broken one nothing.
    static let minimumBytes: Int64 = 16 << 10

    private let timeouts: HTTPTimeouts
    private var mark: (time: ContinuousClock.Instant, bytes: Int64, isWaiting: Bool)

    init(timeouts: HTTPTimeouts, now: ContinuousClock.Instant) {
        self.timeouts = timeouts
        mark = (now, 0, false)
    }

    /// - Parameters:
    ///   - moved: Bytes of content that have gone either way.
    ///   - isWaiting: Everything is sent, and of the answer nothing has come, or not the end of a short one.
    /// - Returns: The time that was too long, or nil while all is well.
    mutating func stalled(moved: Int64, isWaiting: Bool, now: ContinuousClock.Instant) -> Duration? {
        // A store that works on its answer may send a space now and then.
        if moved - mark.bytes >= (isWaiting ? 1 : Self.minimumBytes) || moved < mark.bytes
            || isWaiting != mark.isWaiting
        {
            mark = (now, moved, isWaiting)
        }
        let limit = isWaiting ? timeouts.answer : timeouts.stall
        return now - mark.time > limit ? limit : nil
    }
}
