import Dispatch
import MediaContract
import Synchronization
import SystemPackage

/// What a `TrackEncoder` found and made.
struct Encoding: Sendable {
    let source: AudioInspection
    /// Samples per channel that a gapless player gets out of the MP3.
    let sampleFrames: Int64
    let parallelism: Parallelism
    /// Of what went into the encoders.
    let levels: [WindowLevel]
    /// Of the master's own samples; nil where it was not asked for.
    let analysis: AudioAnalysis?
}

/// Encodes one master on several threads.
///
/// Each thread takes the next segment, encodes it from a cold start, and goes on into the segment behind it until its
/// frames are those of the encoder that began there (`SeamProof`). From then on the other's frames stand for its own:
/// what is joined is what a single encoder would have made. Where they never agree, it simply encodes on, and the
/// other's work is thrown away. A thread that comes to a segment nobody has takes it without a seam, so one thread
/// alone is a serial encode.
final class TrackEncoder: Sendable {
    private struct State {
        /// From what was read so far, how many frames the track will have.
        var framesExpected = 0.0
        var framesEncoded = 0
        var parallelism: Parallelism
        /// Of what went into the encoders, by segment.
        var levels: [Int: [WindowLevel]] = [:]
        /// The first of any thread's; it stops them all.
        var failure: MediaFailure?
    }

    /// Samples between two looks at what can be written: what waits is in memory.
    private static let writtenEvery = 64 * MP3Encoder.samplesPerFrame

    /// The MP3's samples.
    let shape: SampleShape
    /// What the conversion changes, in sentences for the report.
    let warnings: [String]
    private let profile: EncodingProfile
    private let source: Mutex<SegmentSource>
    /// Nil once the file is complete.
    private let writer: Mutex<FrameWriter?>
    private let state: Mutex<State>

    /// - Parameters:
    ///   - output: an empty file.
    ///   - threads: at least 1.
    ///   - analyzes: the master is measured on the way.
    ///   - isCancelled: asked before every packet.
    /// - Throws: as `SegmentSource.init`; `diskFull`, `inputOutput`, `library`.
    init(
        _ input: FileDescriptor, to output: FileDescriptor, profile: EncodingProfile, tags: TrackTags, cover: Cover?,
        threads: Int, analyzes: Bool, isCancelled: () -> Bool
    ) throws(MediaFailure) {
        let source = try SegmentSource(
            try AudioReader(input, isCancelled: isCancelled), threads: threads, analyzes: analyzes,
            isCancelled: isCancelled)
        shape = source.outputShape
        warnings = source.warnings
        let writer = try FrameWriter(
            FileStream(output), MP3Encoder(profile, shape), tags: tags, cover: cover)
        self.profile = profile
        self.source = Mutex(source)
        self.writer = Mutex(writer)
        state = Mutex(State(parallelism: Parallelism(threads: threads)))
    }

    /// Encodes everything on `threads` threads, this one included.
    ///
    /// - Parameters:
    ///   - progress: called on this thread for every frame it encodes, with 0…1.
    ///   - isCancelled: asked on this thread before every packet and every frame.
    /// - Throws: as `AudioReader.decodeNext` and `AudioReader.conclude`; `diskFull`, `inputOutput`, `library`.
    func run(progress: (Double) -> Void, isCancelled: () -> Bool) throws(MediaFailure) -> Encoding {
        let threads = state.withLock { $0.parallelism.threads }
        let others = DispatchGroup()
        for number in 1..<max(2, threads) where number < threads {
            DispatchQueue(label: "encode-\(number)").async(group: others) {
                self.work(as: number, progress: { _ in }, isCancelled: { false })
            }
        }
        work(as: 0, progress: progress, isCancelled: isCancelled)
        others.wait()
        let (failure, parallelism, levels) = state.withLock { ($0.failure, $0.parallelism, $0.levels) }
        if let failure { throw failure }
        let (inspection, total, handedOut) = source.withLock { ($0.inspection, $0.total, $0.sampleFramesHandedOut) }
        let analysis = try source.withLock { source throws(MediaFailure) in try source.analysis?.finish() }
        guard let inspection, let total, handedOut == total else {
            throw MediaFailure(.library, "the resampler yielded \(handedOut) samples where \(total ?? 0) were due")
        }
        try writer.withLock { writer throws(MediaFailure) in
            try writer?.advance()
            try writer.take()?.finish(sampleFrames: total)
        }
        return Encoding(
            source: inspection, sampleFrames: total, parallelism: parallelism,
            levels: levels.sorted { $0.key < $1.key }.flatMap(\.value), analysis: analysis)
    }

    private func work(as thread: Int, progress: (Double) -> Void, isCancelled: () -> Bool) {
        do throws(MediaFailure) {
            while let segment = try nextSegment(after: nil, thread, isCancelled) {
                try encode(from: segment, as: thread, progress: progress, isCancelled: isCancelled)
                source.withLock { $0.leave(thread) }
            }
        } catch {
            state.withLock { if $0.failure == nil { $0.failure = error } }
        }
    }

    /// Encodes from the start of `first` until another run's frames take over or the track ends.
    private func encode(
        from first: Segment, as thread: Int, progress: (Double) -> Void, isCancelled: () -> Bool
    ) throws(MediaFailure) {
        let run = first.run
        if first.index == 0 { writer.withLock { $0?.begin(with: run) } }
        var encoder = try RunEncoder(run, profile, shape)
        var segment = first
        var proof: SeamProof?
        while true {
            for offset in stride(from: 0, to: segment.sampleCount, by: MP3Encoder.samplesPerFrame) {
                guard !isCancelled() else { throw .cancelled }
                try encoder.encode(segment, from: offset)
                guard let share = noteFrame(encodedTwice: proof != nil) else { return }
                progress(share)
                if offset % Self.writtenEvery == 0 { try write() }
                if let seam = proof?.advance(run) {
                    run.finish(at: .seam(seam))
                    note(seam)
                    return try write()
                }
            }
            if segment.run === run { note(encoder.takeLevels(), of: segment) }
            try write()
            guard let next = try nextSegment(after: (segment, run), thread, isCancelled) else { break }
            if proof != nil { state.withLock { $0.parallelism.serialFallbacks += 1 } }
            if next.run === run {
                proof = nil
            } else if proof?.other !== next.run {
                proof = SeamProof(against: next.run, from: next.firstFrame)
            }
            segment = next
        }
        if proof != nil { state.withLock { $0.parallelism.serialFallbacks += 1 } }
        try encoder.finish()
        run.finish(at: .track)
        try write()
    }

    /// The segment in which the thread goes on with its run, or where it begins another.
    private func nextSegment(
        after current: (segment: Segment, run: EncodedRun)?, _ thread: Int, _ isCancelled: () -> Bool
    ) throws(MediaFailure) -> Segment? {
        try source.withLock { source throws(MediaFailure) in
            let segment =
                if let current {
                    try source.segment(after: current.segment, for: current.run, by: thread, isCancelled: isCancelled)
                } else {
                    try source.claim(by: thread, isCancelled: isCancelled)
                }
            let expected = source.framesExpected
            state.withLock { $0.framesExpected = expected }
            return segment
        }
    }

    private func write() throws(MediaFailure) {
        try writer.withLock { writer throws(MediaFailure) in try writer?.advance() }
    }

    /// - Returns: the part of the work that is done, 0…1; nil when another thread has failed.
    private func noteFrame(encodedTwice: Bool) -> Double? {
        state.withLock { state in
            if encodedTwice {
                state.parallelism.framesEncodedTwice += 1
            } else {
                state.framesEncoded += 1
            }
            guard state.failure == nil else { return nil }
            return Double(state.framesEncoded) / Double(max(state.framesExpected, 1))
        }
    }

    private func note(_ levels: [WindowLevel], of segment: Segment) {
        state.withLock { $0.levels[segment.index] = levels }
    }

    private func note(_ seam: EncodedRun.Seam) {
        state.withLock {
            $0.parallelism.seams += 1
            if seam.frame - seam.run.firstFrame > SeamProof.usualLength { $0.parallelism.extensions += 1 }
        }
    }
}
