import MediaContract
import SystemPackage

/// Walks the chunks of a WAV, Wave64 or AIFF file for what FFmpeg's demuxers do not report: whether all the audio the
/// header declares is there.
///
/// Layouts: Microsoft RIFF "Multimedia Data Standards 1.0"; RF64 and BW64: EBU Tech 3306 and ITU-R BS.2088; Wave64:
/// Sony Pictures Digital 2003; AIFF: Apple "AIFF 1.3" and "AIFF-C".
struct ChunkedFile {
    private let input: FileDescriptor
    private let size: Int64
    private let container: Container

    /// A file that needs more chunk headers than this to reach its audio is no honest one.
    private static let maximumChunks = 10_000

    private var sampleRate = 0
    /// Bytes of one sample of all channels.
    private var blockAlign: Int64 = 0
    /// AIFF's COMM chunk counts sample frames itself.
    private var declaredFrames: Int64?
    /// The 64-bit size of the audio, where RF64's 32-bit field says 0xFFFFFFFF.
    private var largeDataSize: Int64?
    private var audio: Chunk?

    private struct Chunk {
        var id: String
        /// Where its content starts.
        var start: Int64
        /// Bytes of content by its header.
        var size: Int64
        /// Where the next chunk starts.
        var next: Int64
    }

    /// The claim of `container`'s header, checked against the size of the file.
    ///
    /// - Throws: `corrupt` when declared audio is missing from the end or there is no audio chunk, `noSamples` when the
    ///   audio chunk is empty, `inputOutput`.
    static func claim(
        of input: FileDescriptor, size: Int64, offset: Int64, as container: Container
    ) throws(MediaFailure) -> LengthClaim {
        var file = ChunkedFile(input: input, size: size, container: container)
        try file.walk(from: offset)
        return try file.judge()
    }

    private init(input: FileDescriptor, size: Int64, container: Container) {
        self.input = input
        self.size = size
        self.container = container
    }

    private mutating func walk(from offset: Int64) throws(MediaFailure) {
        var position = offset + (container == .wave64 ? 40 : 12)
        for _ in 0..<Self.maximumChunks {
            guard let chunk = try chunk(at: position) else { return }
            try note(chunk)
            // AIFF may put COMM after the audio; the others may not.
            if audio != nil, blockAlign > 0 { return }
            guard chunk.next > position, chunk.next < size else { return }
            position = chunk.next
        }
    }

    private func chunk(at position: Int64) throws(MediaFailure) -> Chunk? {
        if container == .wave64 {
            let header = try input.bytes(at: position, count: 24)
            guard let total = header.littleEndian(at: 16, length: 8), let total = Int64(exactly: total), total >= 24,
                total < Int64.max / 2
            else { return nil }
            let next = position + (total + 7) / 8 * 8
            return Chunk(id: header.fourCC(at: 0), start: position + 24, size: total - 24, next: next)
        }
        let header = try input.bytes(at: position, count: 8)
        let number = container == .aiff ? header.bigEndian(at: 4, length: 4) : header.littleEndian(at: 4, length: 4)
        guard let number else { return nil }
        let length = Int64(number)
        return Chunk(
            id: header.fourCC(at: 0), start: position + 8, size: length, next: position + 8 + length + length % 2)
    }

    private mutating func note(_ chunk: Chunk) throws(MediaFailure) {
        switch chunk.id {
        case "ds64":
            let content = try input.bytes(at: chunk.start, count: 16)
            largeDataSize = content.littleEndian(at: 8, length: 8).map { Int64(clamping: min($0, 1 << 60)) }
        case "fmt ":
            let content = try input.bytes(at: chunk.start, count: 16)
            sampleRate = Int(content.littleEndian(at: 4, length: 4) ?? 0)
            blockAlign = Int64(content.littleEndian(at: 12, length: 2) ?? 0)
            let channels = Int64(content.littleEndian(at: 2, length: 2) ?? 0)
            let bits = Int64(content.littleEndian(at: 14, length: 2) ?? 0)
            // PCM, floating point, extensible: all others are judged by their own size of block.
            if [1, 3, 0xFFFE].contains(content.littleEndian(at: 0, length: 2) ?? 0),
                blockAlign != channels * ((bits + 7) / 8)
            {
                throw MediaFailure(
                    .corrupt, "the header's block size, \(blockAlign) bytes, contradicts \(channels) × \(bits) bits")
            }
        case "COMM":
            let content = try input.bytes(at: chunk.start, count: 18)
            let channels = Int64(content.bigEndian(at: 0, length: 2) ?? 0)
            let bits = Int64(content.bigEndian(at: 6, length: 2) ?? 0)
            blockAlign = channels * ((bits + 7) / 8)
            declaredFrames = content.bigEndian(at: 2, length: 4).map { Int64($0) }
            sampleRate = Self.extendedFloat(content.dropFirst(8))
        case "data":
            audio = chunk
            if let largeDataSize, chunk.size == 0xFFFF_FFFF {
                audio?.size = largeDataSize
                audio?.next = chunk.start + largeDataSize + largeDataSize % 2
            }
        case "SSND":
            let lead = Int64(try input.bytes(at: chunk.start, count: 4).bigEndian(at: 0, length: 4) ?? 0)
            audio = chunk
            audio?.start += 8 + lead
            audio?.size -= 8 + lead
        default:
            break
        }
    }

    /// An 80-bit IEEE 754 extended number (AIFF's sample rate), rounded down.
    private static func extendedFloat(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let exponent = bytes.bigEndian(at: 0, length: 2), let mantissa = bytes.bigEndian(at: 2, length: 8)
        else { return 0 }
        let shift = 16383 + 63 - Int(exponent & 0x7FFF)
        return 0...63 ~= shift ? Int(clamping: mantissa >> UInt64(shift)) : 0
    }

    private func judge() throws(MediaFailure) -> LengthClaim {
        guard let audio else {
            throw MediaFailure(.corrupt, "the \(container.name) file ends before its audio data")
        }
        guard blockAlign > 0 else {
            throw MediaFailure(.corrupt, "the \(container.name) header describes no samples")
        }
        let present = max(0, size - audio.start)
        if isUnknown(audio.size) {
            return try judgeUnknownLength(audio, present: present)
        }
        // A count that nobody knew says nothing against the size that somebody did.
        let counted = (declaredFrames ?? 0) * blockAlign
        let declared = isUnknown(counted) ? audio.size : max(audio.size, counted)
        let missing = declared - min(present, audio.size)
        if missing >= blockAlign {
            throw MediaFailure(
                .corrupt,
                "the file ends after \(seconds((declared - missing) / blockAlign, sampleRate)) of the "
                    + "\(seconds(declared / blockAlign, sampleRate)) its header declares")
        }
        var claim = LengthClaim(samples: min(present, audio.size) / blockAlign, trimsEnd: true)
        if missing > 0 || audio.size % blockAlign != 0 {
            claim.warnings.append("the last sample is incomplete and was left out")
        }
        if let declaredFrames, declaredFrames > 0, declaredFrames < audio.size / blockAlign {
            claim.warnings.append("the header declares fewer samples than the file holds")
        }
        try appendTrailingBytesWarning(audio, to: &claim)
        return claim
    }

    /// Recorders that cannot go back to their header leave 0 or the largest number they know: 0xFFFFFFFF (ffmpeg,
    /// arecord) or just below 2³¹ (SoX), less the size of the header; SoX's AIFF has 0x7F000000 bytes, whatever the
    /// frame.
    private func isUnknown(_ size: Int64) -> Bool {
        guard container != .wave64 else { return size == 0 }
        return size <= 0 || 0x7FFF_0000...0x7FFF_FFFF ~= size || 0xFFFF_0000...0xFFFF_FFFF ~= size
            || container == .aiff && 0x7F00_0000 - blockAlign...0x7F00_0000 ~= size
    }

    private func judgeUnknownLength(_ audio: Chunk, present: Int64) throws(MediaFailure) -> LengthClaim {
        if audio.size > 0, present >= audio.size {
            // The placeholder may be the true size, and the demuxer stops there: what follows is not silently lost.
            guard audio.size != 0xFFFF_FFFF else { return LengthClaim() }
            var claim = LengthClaim(samples: audio.size / blockAlign, trimsEnd: true)
            try appendTrailingBytesWarning(audio, to: &claim)
            return claim
        }
        let following = try input.bytes(at: audio.start, count: 4).fourCC(at: 0)
        if present == 0 || (audio.size == 0 && Self.commonChunks.contains(following)) {
            throw MediaFailure(.noSamples, "the file holds no audio: its audio data is empty")
        }
        var claim = LengthClaim(samples: present / blockAlign, trimsEnd: true)
        claim.warnings.append("the header does not state the length; everything up to the end was read")
        if present % blockAlign != 0 { claim.warnings.append("the last sample is incomplete and was left out") }
        return claim
    }

    /// Chunks that may follow an empty audio chunk.
    private static let commonChunks: Set<String> = [
        "LIST", "id3 ", "ID3 ", "bext", "iXML", "axml", "cue ", "smpl", "JUNK", "PEAK", "fact", "cart", "_PMX",
    ]

    /// What follows the audio should be chunks; anything else may be audio that the header does not count.
    private func appendTrailingBytesWarning(_ audio: Chunk, to claim: inout LengthClaim) throws(MediaFailure) {
        guard container != .wave64 else { return }
        var position = audio.next
        for _ in 0..<Self.maximumChunks where position + 1 < size {
            guard let chunk = try chunk(at: position), !chunk.id.isEmpty, chunk.next <= size + 1,
                chunk.id.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
            else {
                claim.warnings.append("\(size - position) bytes after the declared end of the audio were ignored")
                return
            }
            position = chunk.next
        }
    }
}
