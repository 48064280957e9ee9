import MediaContract

/// Where decoding went wrong.
struct DamageLog: Sendable, Hashable {
    private(set) var count: Int64 = 0
    /// Samples decoded before the first error.
    private(set) var firstPosition: Int64 = 0
    private(set) var firstDetail = ""

    mutating func note(at position: Int64, _ detail: String) {
        if count == 0 {
            firstPosition = position
            firstDetail = detail
        }
        count += 1
    }

    func failure(sampleRate: Int) -> MediaFailure {
        let times = count > 1 ? " and in \(count - 1) more places" : ""
        return MediaFailure(
            .corrupt, "the audio is damaged at \(seconds(firstPosition, sampleRate))\(times): \(firstDetail)")
    }
}
