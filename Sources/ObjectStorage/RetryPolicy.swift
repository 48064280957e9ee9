/// A few quick repetitions of what failed for a moment. Long waits are the caller's: a job can be put off, a
/// connection in a store cannot.
struct RetryPolicy: Sendable, Hashable {
    /// Tries in all, the first included.
    var tries = 3
    /// Upper end of the first pause; each later one's is twice as high.
    var base: Duration = .milliseconds(200)
    /// Upper end of every pause.
    var cap: Duration = .seconds(2)
    /// A store that asks for a longer rest than this gets it from the caller.
    var longestRequestedPause: Duration = .seconds(5)

    /// The pause after a failed try; nil when it was the last.
    ///
    /// Full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"): uniform between nothing and the upper
    /// end, so that clients which failed together do not come back together.
    ///
    /// - Parameters:
    ///   - attempt: The try that failed, from 1.
    ///   - chance: Uniform in 0 ..< 1.
    func pause(after error: ObjectStorageError, attempt: Int, chance: Double) -> Duration? {
        guard error.isTransient, attempt < tries else { return nil }
        let jittered = min(cap, base * (1 << min(attempt - 1, 16))) * chance
        guard let requested = error.retryAfter else { return jittered }
        return requested <= longestRequestedPause ? requested + jittered : nil
    }

    /// Runs an operation until it succeeds, fails for good, or has failed too often.
    func run<Value>(
        _ operation: () async throws(ObjectStorageError) -> Value
    ) async throws(ObjectStorageError) -> Value {
        var attempt = 1
        while true {
            if Task.isCancelled { throw .cancelled }
            do {
                return try await operation()
            } catch {
                guard let pause = pause(after: error, attempt: attempt, chance: .random(in: 0..<1)) else { throw error }
                do {
                    try await Task.sleep(for: pause)
                } catch {
                    throw .cancelled
                }
                attempt += 1
            }
        }
    }
}
