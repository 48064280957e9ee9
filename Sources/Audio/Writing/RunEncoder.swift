import MediaContract

/// One encoder at work on a run; owns what it needs for that.
struct RunEncoder: ~Copyable {
    /// Where full scale is 1. LAME ends the process at NaN and from some 100,000 on.
    private static let greatestMagnitude: Float = 1000

    private let run: EncodedRun
    private let shape: SampleShape
    private let encoder: MP3Encoder
    private let frame: Frame
    private let packet: Packet
    private var meter: LevelMeter

    init(_ run: EncodedRun, _ profile: EncodingProfile, _ shape: SampleShape) throws(MediaFailure) {
        let encoder = try MP3Encoder(profile, shape)
        let frame = try Frame()
        try frame.allocate(shape, capacity: MP3Encoder.samplesPerFrame)
        let packet = try Packet()
        self.run = run
        self.shape = shape
        self.encoder = encoder
        self.frame = frame
        self.packet = packet
        meter = LevelMeter(shape)
    }

    mutating func encode(_ segment: Segment, from offset: Int) throws(MediaFailure) {
        try segment.copy(from: offset, count: MP3Encoder.samplesPerFrame, into: frame)
        guard frame.isWithin(Self.greatestMagnitude, shape) else {
            let position = Int64(segment.firstFrame * MP3Encoder.samplesPerFrame + offset)
            throw MediaFailure(
                .corrupt,
                "the audio has samples that are no numbers, or more than 60 dB over full scale, at "
                    + seconds(position, shape.sampleRate))
        }
        // A segment of another run is measured by the thread that decoded it.
        if segment.run === run { meter.add(frame) }
        try encoder.send(frame)
        try collect()
    }

    /// The levels of the segment that was just encoded; none of another run's.
    mutating func takeLevels() -> [WindowLevel] { meter.take() }

    mutating func finish() throws(MediaFailure) {
        try encoder.finish()
        try collect()
    }

    private func collect() throws(MediaFailure) {
        while try encoder.receive(into: packet) {
            unsafe packet.withBytes { bytes in run.withLog { unsafe $0.append(bytes) } }
        }
    }
}
