import CFFmpeg
import MediaContract
import SystemPackage

/// Decodes the one audio stream of a file from its first sample to its last and judges whether all of it was there.
struct AudioReader: ~Copyable {
    private let file: FileStream
    private let container: Container
    private var claim: LengthClaim
    private let hasCoverArt: Bool
    private let streamIndex: Int32
    private let streamInfo: FLACStreamInfo?
    private let demuxer: Demuxer
    private let decoder: Decoder
    private let packet: Packet
    /// What `decodeNext` decoded last.
    let frame: Frame
    private var digest: SampleDigest?

    private var shape: SampleShape?
    private var sampleFrames: Int64 = 0
    /// Samples a channel that the decoder gave beyond the declared end.
    private var trimmedFrames: Int64 = 0
    private var packetsRead: Int64 = 0
    private var damage = DamageLog()
    /// Nothing is left to read; the decoder may still hold frames.
    private var isDrained = false

    /// Finds out what `input` is and opens it.
    ///
    /// - Throws: `emptyFile`, `unsupportedFormat`, `noAudioStream`, `noSamples`, `corrupt`, `inputOutput`, `library`,
    ///   `cancelled`.
    init(_ input: FileDescriptor, isCancelled: () -> Bool) throws(MediaFailure) {
        _ = LogCapture.install
        let file = try FileStream(input)
        let (container, start) = try Self.identify(input)
        let early = try Self.claim(of: input, size: file.size, start: start, as: container, isCancelled)
        let demuxer = try Demuxer(file, as: container)
        let streams = demuxer.streams
        guard let stream = streams.first(where: { $0.isAudio }) else {
            throw MediaFailure(.noAudioStream, "the \(container.name) file holds no audio stream")
        }
        demuxer.discardAllBut(stream.index)
        let decoder = try demuxer.makeDecoder(for: stream.index, in: container)
        let streamInfo = decoder.codecName == "flac" ? FLACStreamInfo(stream.extradata) : nil
        let claim = try Self.claim(
            early, of: demuxer, file, start: start, stream, streamInfo, codec: decoder.codecName)
        let packet = try Packet()
        let frame = try Frame()
        let digest = try SampleDigest(verifying: streamInfo)

        // A noncopyable value can only be left half made before its first property is set.
        self.file = file
        self.container = container
        self.claim = claim.bounded.notingOthers(among: streams, than: stream.index)
        self.hasCoverArt = streams.contains { $0.isAttachedPicture }
        self.streamIndex = stream.index
        self.streamInfo = streamInfo
        self.demuxer = demuxer
        self.decoder = decoder
        self.packet = packet
        self.frame = frame
        self.digest = digest
    }

    /// Samples per channel that the file says it holds, which may be a lie; nil when it does not say.
    var declaredSampleFrames: Int64? { claim.samples }

    /// Part of the file that was read so far, 0…1.
    var progress: Double { file.size > 0 ? min(1, Double(file.position) / Double(file.size)) : 0 }

    /// Decodes everything. Frames are lent to `body` in order, as `decodeNext` leaves them.
    ///
    /// - Returns: as `conclude`.
    /// - Throws: what `body` throws, and as `decodeNext` and `conclude`.
    mutating func decodeAll(
        isCancelled: () -> Bool, _ body: (borrowing AudioReader, borrowing Frame) throws(MediaFailure) -> Void
    ) throws(MediaFailure) -> AudioInspection {
        while try decodeNext(isCancelled: isCancelled) { try body(self, frame) }
        return try conclude()
    }

    /// Decodes up to the next samples, which are then in `frame`: encoder delay and padding are cut off, and all frames
    /// have the same shape.
    ///
    /// - Parameter isCancelled: asked before every packet.
    /// - Returns: false when there are no more; `conclude` then says what the file was.
    /// - Throws: `corrupt` when anything is damaged, `unsupportedFormat` when the sample rate or the channels change on
    ///   the way, `inputOutput`, `library`, `cancelled`.
    mutating func decodeNext(isCancelled: () -> Bool) throws(MediaFailure) -> Bool {
        while true {
            if try receiveFrame() { return true }
            guard !isDrained else { return false }
            if try readPacket() {
                guard !isCancelled() else { throw .cancelled }
                try sendPacket()
            } else {
                decoder.finish()
                isDrained = true
            }
        }
    }

    /// The next packet of the audio stream, in `packet`; false at the end of the file.
    private mutating func readPacket() throws(MediaFailure) -> Bool {
        while true {
            let status = demuxer.read(into: packet)
            if status == .endOfFile {
                if let failure = file.failure { throw failure }
                return false
            }
            if status.isError {
                throw Demuxer.failure(status, file, "cannot be read on from \(position)")
            }
            guard packet.streamIndex == streamIndex else { continue }
            if packetsRead == 0 { try honourStart() }
            // libavformat counts samples of the first Vorbis packet, which has none, and so drops too many from the end
            // of a file of one page; `claim` knows the end.
            if decoder.codecName == "vorbis", packet.hasSkip { try packet.setSkip(end: 0) }
            packetsRead += 1
            return true
        }
    }

    /// The first packet's timestamp says how much in front does not count.
    private mutating func honourStart() throws(MediaFailure) {
        let delay = -min(0, packet.timestamp ?? 0)
        if claim.countsDelay { claim.samples = claim.samples.map { max(0, $0 - delay) } }
        if claim.skipsStart, delay > 0 { try packet.setSkip(start: Int32(clamping: delay)) }
        if claim.delay > 0 { try packet.setSkip(start: Int32(clamping: claim.delay)) }
    }

    private mutating func sendPacket() throws(MediaFailure) {
        defer { packet.clear() }
        // PCM that ends within a sample ends in such a packet too; its length was judged before.
        if packet.isMarkedCorrupt, !isPCM {
            damage.note(at: sampleFrames, "incomplete packet")
        }
        let status = decoder.send(packet)
        if status.isError { try noteDamage(status) }
    }

    /// The next frame that counts, in `frame`; false when the decoder wants a packet, or has no more to give.
    private mutating func receiveFrame() throws(MediaFailure) -> Bool {
        while true {
            let status = decoder.receive(into: frame)
            if status == .tryAgain || status == .endOfFile { return false }
            if status.isError {
                try noteDamage(status)
                return false
            }
            if try acceptFrame() { return true }
        }
    }

    /// Checks, trims and counts what is in `frame`; false when nothing of it is left.
    private mutating func acceptFrame() throws(MediaFailure) -> Bool {
        if let shape, !frame.hasShape(shape) { throw changed(from: shape, to: frame.shape) }
        let shape = self.shape ?? frame.shape
        if self.shape == nil {
            guard Self.sampleRates.contains(shape.sampleRate), Self.channelCounts.contains(shape.channels) else {
                throw MediaFailure(
                    .unsupportedFormat,
                    "\(shape.sampleRate) Hz with \(shape.channels) channels is not accepted; 8,000 to 768,000 Hz and 1 to "
                        + "64 channels are")
            }
            self.shape = shape
            if let claimed = claim.samples, claimed > Self.longest(shape) { throw Self.tooLong }
        }
        if claim.trimsEnd, let total = claim.samples {
            let kept = Int(min(Int64(frame.sampleCount), max(0, total - sampleFrames)))
            trimmedFrames += Int64(frame.sampleCount - kept)
            frame.sampleCount = kept
        }
        guard frame.sampleCount > 0 else { return false }
        digest?.add(frame, shape)
        sampleFrames += Int64(frame.sampleCount)
        guard sampleFrames <= Self.longest(shape) else { throw Self.tooLong }
        return true
    }

    private func changed(from old: SampleShape, to new: SampleShape) -> MediaFailure {
        MediaFailure(
            .unsupportedFormat,
            "the audio changes from \(old.sampleRate) Hz \(old.layout.name) to \(new.sampleRate) Hz \(new.layout.name) "
                + "at \(position)")
    }

    /// Samples a channel in 24 hours: beyond any release, and what the limits of the process are reckoned by. A few
    /// kilobytes can declare, or decode to, years.
    private static func longest(_ shape: SampleShape) -> Int64 { 24 * 3600 * Int64(shape.sampleRate) }

    private static var tooLong: MediaFailure {
        MediaFailure(.unsupportedFormat, "the audio is longer than the 24 hours that are accepted")
    }

    /// Telephony's lowest rate to twice the highest that masters are delivered at.
    private static let sampleRates = 8_000...768_000
    /// FFmpeg has no layout with more channels than bits in its mask.
    private static let channelCounts = 1...64
    /// The longest padding a codec puts at the end: Vorbis' largest block (Vorbis I, 1.1.3), longer than AAC's or
    /// Opus'.
    private static let longestPadding: Int64 = 8192

    /// The claim is exact, so audio that reaches it is whole.
    private var endIsKnown: Bool { isPCM || container == .flac }

    private var isPCM: Bool { container.isPCM || decoder.codecName.hasPrefix("pcm_") }

    private var position: String { seconds(sampleFrames, shape?.sampleRate ?? 1) }

    /// An MP3 was judged frame by frame before; all other formats are broken at their first error.
    private mutating func noteDamage(_ status: AVStatus) throws(MediaFailure) {
        if status == .outOfMemory { throw .library("decode the file", status) }
        let detail = LogCapture.takeLastError() ?? status.text
        damage.note(at: sampleFrames, detail)
        guard container != .mp3 else { return }
        if endIsKnown, sampleFrames == claim.samples {
            // All the header declares was decoded. What follows is half a sample, or a tag the format does not know.
            claim.passesOverDamage = true
            return
        }
        // Where the packets of a file are long, damage in its last one says nothing of its end.
        if container != .monkeysAudio, demuxer.read(into: packet) == .endOfFile, let shape, let claimed = claim.samples,
            claimed > sampleFrames
        {
            throw endsEarly(of: claimed, shape)
        }
        throw damage.failure(sampleRate: shape?.sampleRate ?? 1)
    }
}

// MARK: - The verdict

extension AudioReader {
    /// What the file is, once `decodeNext` has returned false.
    ///
    /// - Throws: `corrupt` when anything is damaged or missing, `noSamples`.
    mutating func conclude() throws(MediaFailure) -> AudioInspection {
        guard let shape, sampleFrames > 0 else {
            if damage.count > 0 { throw damage.failure(sampleRate: 1) }
            if let claimed = claim.samples, claimed > 0 {
                throw MediaFailure(.corrupt, "the file holds none of the \(claimed) samples its header declares")
            }
            throw MediaFailure(.noSamples, "the file's audio stream holds no samples")
        }
        var warnings = claim.warnings
        if let claimed = claim.samples {
            if sampleFrames < claimed - claim.tolerance {
                throw endsEarly(of: claimed, shape)
            }
            if sampleFrames > claimed + claim.tolerance {
                if container == .flac {
                    throw MediaFailure(
                        .corrupt, "the file holds \(sampleFrames) samples where its header declares \(claimed)")
                }
                warnings.append("the header declares \(claimed) samples, the file holds \(sampleFrames)")
            }
        }
        if trimmedFrames > Self.longestPadding {
            warnings.append("\(trimmedFrames) samples after the declared end of the audio were left out")
        }
        if damage.count > 0 {
            guard claim.passesOverDamage else { throw damage.failure(sampleRate: shape.sampleRate) }
            if warnings.isEmpty { warnings.append("bytes after the end of the audio were ignored") }
        }
        if let declared = streamInfo?.md5, let found = digest?.finish(), found != declared {
            throw MediaFailure(.corrupt, "the decoded audio does not match the MD5 in the FLAC header")
        }
        if shape.layout.isAssumed {
            warnings.append(
                "the file does not say which speakers its \(shape.channels) channels are for; taken for \(shape.layout.name)"
            )
        } else if shape.channels > 2 {
            warnings.append("the audio has \(shape.channels) channels (\(shape.layout.name))")
        }
        return AudioInspection(
            format: format(shape), sampleFrames: sampleFrames, hasCoverArt: hasCoverArt, warnings: warnings)
    }

    private func endsEarly(of claimed: Int64, _ shape: SampleShape) -> MediaFailure {
        MediaFailure(
            .corrupt,
            "the file ends after \(seconds(sampleFrames, shape.sampleRate)) of the "
                + "\(seconds(claimed, shape.sampleRate)) its header declares")
    }

    private func format(_ shape: SampleShape) -> AudioFormat {
        let codec = decoder.codecName
        let isLossless = decoder.isLossless && !claim.isLossy
        return AudioFormat(
            container: container.fileExtension(codec: codec), codec: codec, sampleRate: shape.sampleRate,
            channels: shape.channels, channelLayout: shape.layout.name,
            bitsPerSample: isLossless && container != .dsf ? decoder.bitsPerSample : nil, isLossless: isLossless)
    }
}
