import MediaContract

/// Joins the encoders' runs into one MP3 file.
///
/// `@unchecked Sendable`: it is the only owner of its handles, none of which is bound to a thread, and is used through
/// a lock.
struct FrameWriter: ~Copyable, @unchecked Sendable {
    private let muxer: MP3Muxer
    private let packet: Packet
    /// The newest frame waits for its successor, because the last one carries the length of the padding.
    private let held: Packet
    private let delay: Int

    private var run: EncodedRun?
    private var next = 0
    private var framesWritten = 0
    private var invertsFiller = false
    private var isComplete = false

    /// - Throws: `diskFull`, `inputOutput`, `library`.
    init(
        _ output: FileStream, _ encoder: borrowing MP3Encoder, tags: TrackTags, cover: Cover?
    ) throws(MediaFailure) {
        let muxer = try MP3Muxer(output, encoder, tags: tags, cover: cover)
        let packet = try Packet()
        let held = try Packet()
        self.muxer = muxer
        self.packet = packet
        self.held = held
        delay = encoder.delay
    }

    /// The run that starts the track.
    mutating func begin(with run: EncodedRun) {
        self.run = run
    }

    /// Writes what can be written by now.
    ///
    /// - Throws: `diskFull`, `inputOutput`, `library`.
    mutating func advance() throws(MediaFailure) {
        while let run, !isComplete {
            let (frames, reached, end) = run.drain(from: next, invertingFiller: invertsFiller)
            for frame in frames { try write(frame) }
            next = reached
            switch end {
            case nil where frames.isEmpty: return
            case nil: break
            case .track: isComplete = true
            case .seam(let seam):
                self.run = seam.run
                if seam.invertsFiller { invertsFiller.toggle() }
            }
        }
    }

    private mutating func write(_ frame: [UInt8]) throws(MediaFailure) {
        if framesWritten > 0 { try muxer.write(held) }
        try packet.fill(with: frame)
        packet.streamIndex = 0
        // The muxer takes the length of the delay from the first packet.
        if framesWritten == 0 { try packet.setSkip(start: Int32(delay)) }
        held.take(from: packet)
        framesWritten += 1
    }

    /// Completes the file, of which all was written.
    ///
    /// - Parameter sampleFrames: samples per channel that a gapless player is to get.
    /// - Throws: `diskFull`, `inputOutput`, `library`.
    consuming func finish(sampleFrames: Int64) throws(MediaFailure) {
        // The end of the padding the decoder has to drop. LAME pads by at least 576 samples (1,105 with the delay of
        // the decoder), so this is never negative.
        let padding = Int64(framesWritten) * Int64(MP3Encoder.samplesPerFrame) - Int64(delay) - sampleFrames
        guard isComplete, padding >= 0 else { throw MediaFailure(.library, "the encoder left frames out") }
        try held.setSkip(end: Int32(padding))
        try muxer.write(held)
        try muxer.finish()
    }
}
