import Dispatch
import MediaContract
import Synchronization
import SystemPackage

/// Decodes an MP3 that was just made, and compares it with what went into the encoder: the number of samples, their
/// level window by window, and the tags.
///
/// Each thread takes a stretch of windows at a time and decodes it from one window before.
final class OutputVerifier: Sendable {
    private struct State {
        var next = 0
        var windowsDone = 0
        var failure: MediaFailure?
    }

    private let output: FileDescriptor
    private let report: TranscodeReport
    private let levels: [WindowLevel]
    private let frames: OutputFrames
    private let stretch: Int
    private let state = Mutex(State())

    /// Checks what can be seen without decoding.
    ///
    /// - Parameters:
    ///   - levels: of the encoder's input, by window.
    /// - Throws: `verificationFailed`, `inputOutput`, `library`.
    init(
        _ output: FileDescriptor, against report: TranscodeReport, levels: [WindowLevel], tags: TrackTags,
        hasCover: Bool, threads: Int
    ) throws(MediaFailure) {
        self.output = output
        self.report = report
        self.levels = levels
        do throws(MediaFailure) {
            let (container, start) = try AudioReader.identify(output)
            guard container == .mp3 else { throw MediaFailure(.verificationFailed, "it is \(container.name)") }
            let file = try FileStream(output)
            frames = try OutputFrames(of: output, from: start, size: file.size)
            try Self.checkTags(Demuxer(file, as: .mp3), tags, hasCover: hasCover)
        } catch  where error.isPermanent {
            throw MediaFailure(.verificationFailed, "the MP3 cannot be decoded again: \(error.message)")
        }
        // Two stretches a thread even out what one core is slower than the other; a short one would be decoded twice.
        stretch = max(Self.shortestStretch, (levels.count + 2 * threads - 1) / (2 * threads))
        try checkCount()
    }

    /// Windows.
    private static let shortestStretch = 24
    /// Samples a decoder yields before the encoder's first, which the Info tag does not count (ISO/IEC 11172-3's
    /// filterbank: 528 and 1).
    private static let decoderDelay = 529

    /// Samples in front of the first that counts.
    private var delay: Int { (frames.tag.delay ?? 0) + Self.decoderDelay }

    private static func checkTags(
        _ demuxer: borrowing Demuxer, _ tags: TrackTags, hasCover: Bool
    ) throws(MediaFailure) {
        for (id, text) in ID3Text.fields(of: tags) {
            guard let key = ID3Text.demuxerKey(of: id), demuxer.metadata(key) != text else { continue }
            throw MediaFailure(
                .verificationFailed, "the MP3's tag has \(demuxer.metadata(key) ?? "nothing") for \(id), not \(text)")
        }
        guard demuxer.streams.contains(where: \.isAttachedPicture) == hasCover else {
            throw MediaFailure(.verificationFailed, "the MP3 \(hasCover ? "lost its" : "has a") cover")
        }
    }

    private func checkCount() throws(MediaFailure) {
        let played =
            Int64(frames.count) * Int64(frames.header.samplesPerFrame) - Int64(frames.tag.delay ?? 0)
            - Int64(frames.tag.padding ?? 0)
        guard
            frames.tag.frames == Int64(frames.count), played == report.sampleFrames,
            frames.header.sampleRate == report.sampleRate, frames.header.channels == report.channels
        else {
            throw MediaFailure(
                .verificationFailed,
                "the MP3 says that it plays \(played) samples at \(frames.header.sampleRate) Hz in "
                    + "\(frames.header.channels) channels, not \(report.sampleFrames) at \(report.sampleRate) Hz in "
                    + "\(report.channels)")
        }
    }

    /// Decodes and compares on `threads` threads, this one included.
    ///
    /// - Parameters:
    ///   - progress: called on this thread for every window it has checked, with 0…1.
    ///   - isCancelled: asked on this thread before every window.
    /// - Throws: `verificationFailed`, `inputOutput`, `library`, `cancelled`.
    func run(threads: Int, progress: (Double) -> Void, isCancelled: () -> Bool) throws(MediaFailure) {
        let others = DispatchGroup()
        for number in 1..<max(2, threads) where number * stretch < levels.count && number < threads {
            DispatchQueue(label: "verify-\(number)").async(group: others) {
                self.work(progress: { _ in }, isCancelled: { false })
            }
        }
        work(progress: progress, isCancelled: isCancelled)
        others.wait()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func work(progress: (Double) -> Void, isCancelled: () -> Bool) {
        do throws(MediaFailure) {
            while let windows = nextStretch() {
                try check(windows, progress: progress, isCancelled: isCancelled)
            }
        } catch {
            state.withLock { if $0.failure == nil { $0.failure = error } }
        }
    }

    private func nextStretch() -> Range<Int>? {
        state.withLock { state in
            guard state.failure == nil, state.next < levels.count else { return nil }
            let end = min(levels.count, state.next + stretch)
            defer { state.next = end }
            return state.next..<end
        }
    }

    /// Decodes `windows` and compares each as soon as it is complete.
    private func check(
        _ windows: Range<Int>, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(MediaFailure) {
        let decoder = try Demuxer(FileStream(output), as: .mp3).makeAudioDecoder(in: .mp3)
        let packet = try Packet()
        let frame = try Frame()
        let first = max(0, windows.lowerBound - 1)
        // Counted from where the track's first sample is; those before the stretch are dropped.
        var position = Int64(first * LevelMeter.windowLength - delay)
        let start = Int64(windows.lowerBound * LevelMeter.windowLength)
        let end = min(report.sampleFrames, Int64(windows.upperBound * LevelMeter.windowLength))
        var meter: LevelMeter?
        var window = windows.lowerBound
        for block in first..<(frames.windows.count - 1) where position < end {
            guard !isCancelled() else { throw .cancelled }
            for bytes in try frameBytes(ofWindow: block) where position < end {
                try packet.fill(with: bytes)
                try decode(packet, decoder, into: frame)
                let next = position + Int64(frame.sampleCount)
                if next > start {
                    frame.sampleCount = Int(min(next, end) - position)
                    if meter == nil { meter = LevelMeter(frame.shape) }
                    meter?.add(frame, from: Int(max(0, start - position)))
                }
                position = next
            }
            for level in meter?.take(partial: position >= end) ?? [] {
                try Self.compare(level, with: levels, at: window, of: report)
                window += 1
            }
            progress(noteWindow())
        }
        guard window == windows.upperBound else {
            throw MediaFailure(.verificationFailed, "the MP3 ends \(windows.upperBound - window) windows early")
        }
    }

    private func frameBytes(ofWindow window: Int) throws(MediaFailure) -> [[UInt8]] {
        let start = frames.windows[window]
        let bytes = try output.bytes(at: start, count: Int(frames.windows[window + 1] - start))
        var all: [[UInt8]] = []
        var offset = 0
        while let header = MPEGAudioHeader(bytes[offset...].prefix(4)) {
            all.append(Array(bytes[offset...].prefix(header.frameLength)))
            offset += all[all.count - 1].count
        }
        return all
    }

    private func decode(
        _ packet: borrowing Packet, _ decoder: borrowing Decoder, into frame: borrowing Frame
    ) throws(MediaFailure) {
        var status = decoder.send(packet)
        if !status.isError { status = decoder.receive(into: frame) }
        guard !status.isError, frame.sampleCount == frames.header.samplesPerFrame,
            frame.shape.sampleRate == report.sampleRate, frame.shape.channels == report.channels
        else {
            throw MediaFailure(
                .verificationFailed, "the MP3 cannot be decoded again: \(LogCapture.takeLastError() ?? status.text)")
        }
    }

    private func noteWindow() -> Double {
        state.withLock { state in
            state.windowsDone += 1
            return min(1, Double(state.windowsDone) / Double(max(1, levels.count)))
        }
    }
}
