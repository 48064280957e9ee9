import MediaContract
import SystemPackage

/// Walks an MP3 from frame to frame: the format has no checksum that encoders use, and decoders conceal what is
/// missing, so this is the only way to see that a file was cut or that bytes are gone.
struct MP3Frames {
    private let input: FileDescriptor
    private let size: Int64
    private let first: MPEGAudioHeader
    private var window: [UInt8] = []
    private var windowStart: Int64 = 0

    /// Whole frames, a leading Info frame counted.
    private var count: Int64 = 0
    /// Where bytes lie between frames that belong to none.
    private var gap: Int64?
    /// Where bytes after the last frame start that are no tag.
    private var trailingBytes: Int64?
    private var isCut = false
    /// A tag lies behind the last frame, of a kind that FFmpeg may not know.
    private var endsInTag = false

    private static let windowSize = 256 * 1024
    /// The longest a frame can be (MPEG-2.5, 160 kbit/s at 8 kHz, padded), with room for the next header.
    private static let longestFrame = 2881 + 4

    /// What the frames and the Info tag together say of the length.
    ///
    /// - Parameter start: where the first frame lies.
    /// - Throws: `corrupt` when frames are missing or the last one is cut off, `inputOutput`, `cancelled`.
    static func claim(
        of input: FileDescriptor, size: Int64, start: Int64, isCancelled: () -> Bool
    ) throws(MediaFailure) -> LengthClaim {
        guard let header = MPEGAudioHeader(try input.bytes(at: start, count: 4)) else { return LengthClaim() }
        var frames = MP3Frames(input: input, size: size, first: header)
        let declared = try MP3InfoTag(in: input, at: start)
        try frames.walk(from: start, isCancelled)
        return try frames.judge(declared)
    }

    private init(input: FileDescriptor, size: Int64, first: MPEGAudioHeader) {
        self.input = input
        self.size = size
        self.first = first
    }

    private mutating func walk(from start: Int64, _ isCancelled: () -> Bool) throws(MediaFailure) {
        var offset = start
        while offset < size {
            guard !isCancelled() else { throw .cancelled }
            let bytes = try bytes(at: offset)
            if let header = MPEGAudioHeader(bytes), header.isConsistent(with: first) {
                guard offset + Int64(header.frameLength) <= size else {
                    isCut = true
                    return
                }
                count += 1
                offset += Int64(header.frameLength)
            } else if Self.isTag(bytes) {
                endsInTag = true
                return
            } else if let next = try nextFrame(after: offset) {
                gap = gap ?? offset
                offset = next
            } else {
                trailingBytes = offset
                return
            }
        }
    }

    /// The bytes from `offset` on, enough for the longest frame unless the file ends before.
    private mutating func bytes(at offset: Int64) throws(MediaFailure) -> ArraySlice<UInt8> {
        let wanted = min(offset + Int64(Self.longestFrame), size)
        if offset < windowStart || wanted > windowStart + Int64(window.count) {
            window = try input.bytes(at: offset, count: Self.windowSize)
            windowStart = offset
        }
        return window[min(window.count, Int(offset - windowStart))...]
    }

    /// The next place where two frames that fit follow one another, or one that ends with the file.
    private mutating func nextFrame(after start: Int64) throws(MediaFailure) -> Int64? {
        for offset in (start + 1)..<max(start + 1, size - 3) {
            let bytes = try bytes(at: offset)
            guard bytes.first == 0xFF, let header = MPEGAudioHeader(bytes), header.isConsistent(with: first) else {
                continue
            }
            let following = bytes.dropFirst(header.frameLength)
            if offset + Int64(header.frameLength) == size { return offset }
            if let next = MPEGAudioHeader(following), next.isConsistent(with: first) { return offset }
        }
        return nil
    }

    /// ID3v1, ID3v2, APEv2 and Lyrics3 tags may follow the last frame.
    private static func isTag(_ bytes: ArraySlice<UInt8>) -> Bool {
        ["TAG", "ID3", "APETAGEX", "LYRICSBEGIN"].contains { bytes.starts(with: Array($0.utf8)) }
    }

    private func judge(_ tag: MP3InfoTag?) throws(MediaFailure) -> LengthClaim {
        let audioFrames = tag == nil ? count : count - 1
        let declared = tag?.frames
        // Nothing is missing if every frame that the tag counts is there, whatever else the file holds.
        let isComplete = declared.map { audioFrames >= $0 } ?? (gap == nil && !isCut)
        // Some encoders count the tag's own frame: one less alone is no loss.
        let countsItself = declared == audioFrames + 1 && gap == nil && !isCut
        guard isComplete || countsItself else { throw loss(audioFrames, declared) }
        var claim = LengthClaim(passesOverDamage: gap != nil || trailingBytes != nil || isCut || endsInTag)
        if let gap { claim.warnings.append("bytes at \(gap) that belong to no MP3 frame were passed over") }
        if let trailingBytes {
            claim.warnings.append("\(size - trailingBytes) bytes after the last MP3 frame were ignored")
        }
        if let declared, audioFrames > declared {
            claim.warnings.append("the header declares \(declared) MP3 frames, the file holds \(audioFrames)")
        }
        return claim
    }

    private func loss(_ audioFrames: Int64, _ declared: Int64?) -> MediaFailure {
        let end = seconds(audioFrames * Int64(first.samplesPerFrame), first.sampleRate)
        if let declared {
            let whole = seconds(declared * Int64(first.samplesPerFrame), first.sampleRate)
            return MediaFailure(
                .corrupt,
                "the file holds \(audioFrames) of the \(declared) MP3 frames its header declares (\(end) of \(whole))")
        }
        if let gap {
            return MediaFailure(.corrupt, "the MP3 is damaged at byte \(gap) of \(size): no frame starts there")
        }
        return MediaFailure(.corrupt, "the file ends in the middle of an MP3 frame after \(end); its end is missing")
    }
}

/// The Xing or Info tag in the first frame of an MP3 (layout as LAME's VbrTag.c writes it).
struct MP3InfoTag: Sendable, Hashable {
    /// Frames of audio, the tag's own not counted; nil when the tag does not say.
    let frames: Int64?
    /// Bytes from the tag's frame to the end of the audio; nil when the tag does not say.
    let bytes: Int64?
    /// Samples per channel that LAME's extension says were added in front and behind; nil where there is none.
    let delay: Int?
    let padding: Int?

    /// Nil when the frame at `offset` has no such tag.
    ///
    /// - Throws: `inputOutput`.
    init?(in input: FileDescriptor, at offset: Int64) throws(MediaFailure) {
        let bytes = try input.bytes(at: offset, count: 4 + 36 + Self.longest)
        guard let header = MPEGAudioHeader(bytes) else { return nil }
        let tag = bytes.dropFirst(header.tagOffset)
        guard ["Xing", "Info"].contains(tag.fourCC(at: 0)), let flags = tag.bigEndian(at: 4, length: 4) else {
            return nil
        }
        var position = 8
        func field(_ bit: UInt64, length: Int) -> Int64? {
            guard UInt64(flags) & bit != 0 else { return nil }
            defer { position += length }
            return length > 4 ? nil : tag.bigEndian(at: position, length: length).map { Int64($0) }
        }
        frames = field(1, length: 4)
        self.bytes = field(2, length: 4)
        _ = field(4, length: 100)
        _ = field(8, length: 4)
        // Version string (9), revision and method, lowpass, replay gain (8), flags, bit rate; then 12 bits each.
        let gapless = tag.bigEndian(at: position + 21, length: 3)
        delay = gapless.map { Int($0) >> 12 }
        padding = gapless.map { Int($0) & 0xFFF }
    }

    /// The tag with LAME's extension up to the delay and the padding. Bytes.
    private static let longest = 8 + 4 + 4 + 100 + 4 + 24
}
