import MediaContract
import SystemPackage

/// The four bytes every MPEG audio Layer III frame starts with (ISO/IEC 11172-3 §2.4.1.3, 13818-3 §2.4.2.3, and the
/// MPEG-2.5 extension for the three lowest rates).
struct MPEGAudioHeader: Sendable, Hashable {
    let sampleRate: Int
    /// Bits per second.
    let bitRate: Int
    let channels: Int
    /// MPEG-1, as opposed to the half-rate versions 2 and 2.5.
    let isVersion1: Bool
    /// The frame's bytes, header included.
    let frameLength: Int

    /// Samples per channel in one frame.
    var samplesPerFrame: Int { isVersion1 ? 1152 : 576 }

    /// Bytes from the frame's start to where Xing, Info and LAME put their tag: header and side information.
    var tagOffset: Int {
        switch (isVersion1, channels) {
        case (true, 1), (false, 2): 4 + 17
        case (true, _): 4 + 32
        case (false, _): 4 + 9
        }
    }

    /// Nil when the bytes are no Layer III header with a bit rate (free format is not read).
    init?(_ bytes: some Collection<UInt8>) {
        let header = bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard bytes.count >= 4, header >> 21 == 0x7FF else { return nil }
        let version = (header >> 19) & 3
        let layer = (header >> 17) & 3
        let bitRateIndex = Int((header >> 12) & 15)
        let rateIndex = Int((header >> 10) & 3)
        guard version != 1, layer == 1, 1...14 ~= bitRateIndex, rateIndex < 3 else { return nil }
        isVersion1 = version == 3
        sampleRate = [44_100, 48_000, 32_000][rateIndex] >> (version == 3 ? 0 : version == 2 ? 1 : 2)
        bitRate = 1000 * (isVersion1 ? Self.version1Rates : Self.version2Rates)[bitRateIndex - 1]
        channels = (header >> 6) & 3 == 3 ? 1 : 2
        let padding = Int((header >> 9) & 1)
        frameLength = (isVersion1 ? 144 : 72) * bitRate / sampleRate + padding
    }

    /// kbit/s by bit rate index 1…14.
    private static let version1Rates = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
    private static let version2Rates = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

    /// Both can belong to one stream; bit rate and stereo mode may change from frame to frame.
    func isConsistent(with other: MPEGAudioHeader) -> Bool {
        sampleRate == other.sampleRate && isVersion1 == other.isVersion1
    }

    /// Junk before the first frame is searched this far, in bytes.
    private static let searchLength = 64 * 1024
    /// Frames in a row that must agree: chance sync words in other data do not.
    private static let framesRequired = 4

    /// Where the first of four frames that agree starts; fewer are enough when they end with the file.
    ///
    /// - Throws: `inputOutput`.
    static func firstFrame(in input: FileDescriptor, from start: Int64) throws(MediaFailure) -> Int64? {
        // Four frames of at most 2,881 bytes (MPEG-2.5, 160 kbit/s at 8 kHz) follow the last place searched.
        let window = try input.bytes(at: start, count: searchLength + framesRequired * 2881 + 4)
        for offset in 0..<min(window.count, searchLength) where window[offset] == 0xFF {
            if startsStream(window, at: offset) { return start + Int64(offset) }
        }
        return nil
    }

    private static func startsStream(_ window: [UInt8], at start: Int) -> Bool {
        guard let first = MPEGAudioHeader(window[start...].prefix(4)) else { return false }
        var offset = start + first.frameLength
        for found in 1..<framesRequired {
            // A file of one to three frames ends here, perhaps with an ID3v1 tag.
            if offset == window.count || window[min(offset, window.count)...].starts(with: Array("TAG".utf8)) {
                return true
            }
            guard offset < window.count, let next = MPEGAudioHeader(window[offset...].prefix(4)),
                next.isConsistent(with: first)
            else {
                // The last frame of a short file may be cut off: two whole headers say enough.
                return found >= 2 && offset > window.count
            }
            offset += next.frameLength
        }
        return true
    }
}
