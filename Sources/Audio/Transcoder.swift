package import MediaContract
package import SystemPackage

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Cuts a rendition of a master.
package enum Transcoder {
    /// Share of the work that decoding the output again is.
    private static let verificationShare = 0.05

    /// Encodes `input` into `output` by `profile`, with the gapless tag, ID3v2.3 tags and cover; then decodes `output`
    /// again, counts, and compares levels and tags.
    ///
    /// A player that honours the gapless tag gets exactly the samples of the master, or after resampling
    /// ⌈samples × output rate ÷ master rate⌉ of them. Memory does not grow with the length.
    ///
    /// - Parameters:
    ///   - input: the master, a readable regular file.
    ///   - output: an empty file, readable, writable and seekable.
    ///   - tags: written as they are; the master's own tags are not looked at.
    ///   - cover: JPEG and PNG go into the tag byte for byte; any other picture, a broken one and one above 16 MiB are
    ///     left out with a warning.
    ///   - threads: how many threads encode; the MP3 is the same whatever their number.
    ///   - analyzes: the master is measured by the way, and the report has an analysis.
    ///   - progress: called about ten times a second with 0…1.
    ///   - isCancelled: asked before every packet.
    /// - Throws: what `AudioInspector.inspect` throws for the master, without which nothing useful is in `output`;
    ///   `verificationFailed`, `diskFull`, `inputOutput`, `library`, `cancelled`.
    package static func transcode(
        input: FileDescriptor, output: FileDescriptor, profile: EncodingProfile, tags: TrackTags,
        cover: FileDescriptor?, threads: Int, analyzes: Bool, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(MediaFailure) -> TranscodeReport {
        var meter = ProgressMeter()
        let (picture, coverWarning) =
            try cover.map { cover throws(MediaFailure) in try Cover.read(cover) } ?? (nil, nil)
        let encoder = try TrackEncoder(
            input, to: output, profile: profile, tags: tags, cover: picture, threads: threads, analyzes: analyzes,
            isCancelled: isCancelled)
        let encoding = try encoder.run(
            progress: { meter.report($0 * (1 - verificationShare), to: progress) }, isCancelled: isCancelled)
        let report = TranscodeReport(
            source: encoding.source, profile: profile, sampleRate: encoder.shape.sampleRate,
            channels: encoder.shape.channels, sampleFrames: encoding.sampleFrames, bytes: try FileStream(output).size,
            encoder: AudioLibrary.versions, parallelism: encoding.parallelism, analysis: encoding.analysis,
            warnings: encoder.warnings + [overload(encoding.levels), coverWarning].compactMap(\.self))
        try OutputVerifier(
            output, against: report, levels: encoding.levels, tags: tags, hasCover: picture != nil, threads: threads
        ).run(
            threads: threads, progress: { meter.report(1 - verificationShare * (1 - $0), to: progress) },
            isCancelled: isCancelled)
        progress(1)
        return report
    }

    /// What to say of samples beyond full scale, which floating point holds and the resampler makes; nil below +0.1
    /// dBFS.
    private static func overload(_ levels: [WindowLevel]) -> String? {
        let peak = 20 * log10(Double(levels.map(\.peak).max() ?? 0))
        guard peak >= 0.1 else { return nil }
        return
            "samples of up to +\((peak * 10).rounded() / 10) dBFS were encoded: players clip what is above full scale"
    }
}

/// Lets a report of progress through about ten times a second.
struct ProgressMeter {
    private static let interval = Duration.milliseconds(100)

    private var next = ContinuousClock.now
    private var highest = 0.0

    mutating func report(_ value: Double, to progress: (Double) -> Void) {
        let now = ContinuousClock.now
        // An estimate may fall back; what was reported does not.
        guard now >= next, value >= highest else { return }
        highest = min(1, value)
        next = now + Self.interval
        progress(highest)
    }
}
