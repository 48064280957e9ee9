package import MediaContract
package import SystemPackage

/// Cuts a rendition of a master.
package enum Transcoder {
    /// Share of the work that decoding the output again is.
    private static let verificationShare = 0.05

    /// Encodes `input` into `output` by `profile`, with the gapless tag, ID3v2.3 tags and cover; then decodes `output`
    /// again and counts.
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
    ///   - progress: called about ten times a second with 0…1.
    ///   - isCancelled: asked before every packet.
    /// - Throws: what `AudioInspector.inspect` throws for the master, without which nothing useful is in `output`;
    ///   `verificationFailed`, `diskFull`, `inputOutput`, `library`, `cancelled`.
    package static func transcode(
        input: FileDescriptor, output: FileDescriptor, profile: EncodingProfile, tags: TrackTags,
        cover: FileDescriptor?, threads: Int, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(MediaFailure) -> TranscodeReport {
        var meter = ProgressMeter()
        var encoded = try encode(
            input: input, output: output, profile: profile, tags: tags, cover: cover,
            threads: threads, progress: { meter.report($0 * (1 - verificationShare), to: progress) },
            isCancelled: isCancelled)
        try verify(
            output, against: encoded,
            progress: { meter.report(1 - verificationShare * (1 - $0), to: progress) }, isCancelled: isCancelled)
        do {
            encoded.bytes = try output.sizeOfSeekableFile()
        } catch {
            throw MediaFailure(.inputOutput, "the size of the output cannot be read: \(error)")
        }
        progress(1)
        return encoded
    }

    /// The first half: decode, convert, encode. The report's size is still 0.
    ///
    /// - Throws: as `transcode`, `verificationFailed` left out.
    static func encode(
        input: FileDescriptor, output: FileDescriptor, profile: EncodingProfile, tags: TrackTags,
        cover: FileDescriptor?, threads: Int, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(MediaFailure) -> TranscodeReport {
        let (picture, coverWarning) =
            try cover.map { cover throws(MediaFailure) in try Cover.read(cover) } ?? (nil, nil)
        let encoder = try TrackEncoder(
            input, to: output, profile: profile, tags: tags, cover: picture, threads: threads, isCancelled: isCancelled)
        let (source, sampleFrames, parallelism) = try encoder.run(progress: progress, isCancelled: isCancelled)
        return TranscodeReport(
            source: source, profile: profile, sampleRate: encoder.shape.sampleRate, channels: encoder.shape.channels,
            sampleFrames: sampleFrames, bytes: 0, encoder: AudioLibrary.versions, parallelism: parallelism,
            warnings: encoder.warnings + (coverWarning.map { [$0] } ?? []))
    }

    /// The second half: decodes the output and compares.
    ///
    /// - Throws: `verificationFailed`, `inputOutput`, `library`, `cancelled`.
    static func verify(
        _ output: FileDescriptor, against report: TranscodeReport, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(MediaFailure) {
        let found: AudioInspection
        do throws(MediaFailure) {
            var reader = try AudioReader(output, isCancelled: isCancelled)
            found = try reader.decodeAll(isCancelled: isCancelled) { reader, _ in progress(reader.progress) }
        } catch  where error.isPermanent {
            throw MediaFailure(.verificationFailed, "the MP3 cannot be decoded again: \(error.message)")
        }
        guard
            found.sampleFrames == report.sampleFrames, found.format.sampleRate == report.sampleRate,
            found.format.channels == report.channels
        else {
            throw MediaFailure(
                .verificationFailed,
                "the MP3 decodes to \(found.sampleFrames) samples at \(found.format.sampleRate) Hz in "
                    + "\(found.format.channels) channels, not to \(report.sampleFrames) at \(report.sampleRate) Hz in "
                    + "\(report.channels)")
        }
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
