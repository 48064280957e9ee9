import MediaContract

/// What a batch came to.
struct BatchTotal: Sendable, Encodable {
    /// Files that were to be made MP3s, folders that could not be read among them.
    var files = 0
    var transcoded = 0
    var copied = 0
    var alreadyDone = 0
    var failed = 0
    /// Entries of folders that are no audio files, or hidden.
    var leftOut = 0
    /// A signal ended the batch before them.
    var notReached = 0
    /// Of the transcoded audio.
    var audioSeconds = 0.0
    /// Read and written by transcoding.
    var bytesIn: Int64 = 0
    var bytesOut: Int64 = 0
    /// Wall-clock time.
    var seconds = 0.0
    /// Files whose frames came from several encoders, and what their seams took.
    var split = 0
    var seams = 0
    var extensions = 0
    var serialFallbacks = 0

    /// Seconds of audio a second; nil where nothing was transcoded.
    var realTime: Double? { audioSeconds > 0 ? audioSeconds / max(seconds, 0.001) : nil }

    mutating func add(_ report: TranscodeReport, sourceSize: Int64) {
        transcoded += 1
        audioSeconds += report.duration
        bytesIn += sourceSize
        bytesOut += report.bytes
        guard report.parallelism.seams + report.parallelism.serialFallbacks > 0 else { return }
        split += 1
        seams += report.parallelism.seams
        extensions += report.parallelism.extensions
        serialFallbacks += report.parallelism.serialFallbacks
    }

    /// For people: how many files, and how fast.
    var lines: [String] {
        let counts = [
            (transcoded, "transcoded"), (copied, "copied"), (alreadyDone, "already done"), (failed, "failed"),
            (notReached, "not reached"),
        ]
        let parts = counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        var first = Readable.count(files, "file")
        if !parts.isEmpty { first += ": " + parts.joined(separator: ", ") }
        if leftOut > 0 { first += "; \(Readable.count(leftOut, "other")) left out (--verbose names them)" }
        return [first] + (realTime.map { [speed($0)] } ?? []) + (split > 0 ? [seamCount] : [])
    }

    private func speed(_ realTime: Double) -> String {
        let time = Readable.time(seconds: Int(audioSeconds.rounded()))
        return "\(time) of audio, \(Readable.bytes(bytesIn)) in, \(Readable.bytes(bytesOut)) out, "
            + "\(Readable.seconds(seconds)), \(Int(realTime.rounded()))× real time"
    }

    private var seamCount: String {
        "\(Readable.count(split, "file")) split: \(Readable.count(seams, "seam")), \(extensions) lengthened, "
            + "\(serialFallbacks) encoded serially instead"
    }
}
