import CFFmpeg
import MediaContract

/// One rendition in the making: decoded samples in, MP3 file out. Holds no more than a few frames of samples.
struct EncodingSession: ~Copyable {
    private let converter: SampleConverter
    private let encoder: MP3Encoder
    private let muxer: MP3Muxer
    private let queue: SampleQueue
    private let converted: Frame
    private let encoderFrame: Frame
    private let packet: Packet
    /// The newest packet waits for its successor, because the last one carries the length of the padding.
    private let heldPacket: Packet

    private var packetsEncoded: Int64 = 0
    private var samplesEncoded: Int64 = 0

    /// - Throws: `unsupportedFormat` when the channels cannot be mixed down, `diskFull`, `inputOutput`, `library`.
    init(
        _ output: FileStream, from input: SampleShape, profile: EncodingProfile, tags: TrackTags, cover: Cover?
    ) throws(MediaFailure) {
        let converter = try SampleConverter(from: input)
        let encoder = try MP3Encoder(profile, converter.output)
        let muxer = try MP3Muxer(output, encoder, tags: tags, cover: cover)
        let queue = try SampleQueue(converter.output, capacity: 2 * encoder.frameSize)
        let converted = try Frame()
        let encoderFrame = try Frame()
        try encoderFrame.allocate(converter.output, capacity: encoder.frameSize)
        let packet = try Packet()
        let heldPacket = try Packet()

        self.converter = converter
        self.encoder = encoder
        self.muxer = muxer
        self.queue = queue
        self.converted = converted
        self.encoderFrame = encoderFrame
        self.packet = packet
        self.heldPacket = heldPacket
    }

    var outputShape: SampleShape { converter.output }

    /// What the conversion changes, in sentences for the report.
    var warnings: [String] {
        var warnings: [String] = []
        let (input, output) = (converter.input, converter.output)
        if converter.resamples {
            warnings.append("resampled from \(input.sampleRate) to \(output.sampleRate) Hz")
        }
        if converter.downmixes {
            warnings.append("mixed down from \(input.layout.name) (\(input.channels) channels) to stereo")
        }
        return warnings
    }

    /// Encodes the samples of `frame`.
    ///
    /// - Throws: `diskFull`, `inputOutput`, `library`.
    mutating func encode(_ frame: borrowing Frame) throws(MediaFailure) {
        try enqueue(frame)
        while queue.count >= encoder.frameSize { try encodeNext(limit: encoder.frameSize) }
    }

    /// Encodes what is left and completes the file.
    ///
    /// - Parameter inputCount: samples per channel that went in.
    /// - Returns: samples per channel that a gapless player gets out: `RateTable.outputCount` of `inputCount`.
    /// - Throws: `diskFull`, `inputOutput`, `library`.
    consuming func finish(inputCount: Int64) throws(MediaFailure) -> Int64 {
        let total = RateTable.outputCount(
            inputCount, from: converter.input.sampleRate, to: converter.output.sampleRate)
        try drainResampler(until: total)
        while samplesEncoded < total {
            try encodeNext(limit: Int(min(Int64(encoder.frameSize), total - samplesEncoded)))
        }
        guard samplesEncoded == total else {
            throw MediaFailure(.library, "the resampler yielded \(samplesEncoded) samples where \(total) were due")
        }
        try encoder.finish()
        try forwardPackets()
        // The end of the padding the decoder has to drop. LAME pads by at least 576 samples (1,105 with the delay of
        // the decoder), so this is never negative.
        let padding = packetsEncoded * Int64(encoder.frameSize) - Int64(encoder.delay) - total
        try heldPacket.setSkip(end: Int32(padding))
        try muxer.write(heldPacket)
        try muxer.finish()
        return total
    }

    private func enqueue(_ frame: borrowing Frame) throws(MediaFailure) {
        let count = try converter.convert(frame, into: converted)
        if count > 0 { try queue.append(converted, count: count) }
    }

    /// The resampler holds back the samples whose neighbours it has not seen. Silence after the end brings them out,
    /// exactly as many as are due.
    private func drainResampler(until total: Int64) throws(MediaFailure) {
        guard converter.resamples else { return }
        let silence = try Frame()
        try silence.allocate(converter.input, capacity: 4096)
        var rounds = 0
        while samplesEncoded + Int64(queue.count) < total {
            // Two seconds of silence at the highest rate are far more than any filter's delay.
            guard rounds < 500 else { throw MediaFailure(.library, "the resampler holds samples back") }
            try enqueue(silence)
            rounds += 1
        }
    }

    private mutating func encodeNext(limit: Int) throws(MediaFailure) {
        try queue.take(into: encoderFrame, limit: limit)
        try encoder.send(encoderFrame)
        samplesEncoded += Int64(encoderFrame.sampleCount)
        try forwardPackets()
    }

    private mutating func forwardPackets() throws(MediaFailure) {
        while try encoder.receive(into: packet) {
            if packetsEncoded > 0 { try muxer.write(heldPacket) }
            packet.streamIndex = 0
            heldPacket.take(from: packet)
            packetsEncoded += 1
        }
    }
}
