import MediaContract
import SystemPackage

extension LengthClaim {
    /// What the first block of a WavPack file says (WavPack 4 & 5 Binary File Format, "block header"); its 40 bits of
    /// samples are unknown where the lower 32 are all set.
    ///
    /// - Throws: `corrupt` when there is no whole header, `inputOutput`.
    init(wavPack input: FileDescriptor, at offset: Int64) throws(MediaFailure) {
        let header = try Self.header(input, at: offset, count: 32, of: .wavpack)
        let (low, high) = (header.littleEndian(at: 12, length: 4) ?? 0, UInt64(header[11]))
        self.init(samples: low == 0xFFFF_FFFF ? nil : Int64(low | high << 32) - Int64(high))
        // HYBRID_FLAG: without its correction file it is a lossy one.
        isLossy = header[24] & 8 != 0
    }

    /// What the header of a True Audio file says (TTA1: format, channels, bits, rate, samples; little-endian).
    ///
    /// - Throws: `corrupt` when there is no whole header, `inputOutput`.
    init(trueAudio input: FileDescriptor, at offset: Int64) throws(MediaFailure) {
        let header = try Self.header(input, at: offset, count: 22, of: .trueAudio)
        self.init(samples: header.littleEndian(at: 14, length: 4).map { Int64($0) })
    }

    /// What the header of a Monkey's Audio file says (Monkey's Audio SDK, `APE_DESCRIPTOR` and `APE_HEADER` since 3.98,
    /// and `APE_HEADER_OLD`): all frames have as many blocks, one sample a channel each, but for the last.
    ///
    /// - Throws: `corrupt` when there is no whole header, or it has no frames or more than the file has room for;
    ///   `unsupportedFormat` for more than FFmpeg decodes; `inputOutput`.
    init(monkeysAudio input: FileDescriptor, at offset: Int64, size: Int64) throws(MediaFailure) {
        let start = try Self.header(input, at: offset, count: 32, of: .monkeysAudio)
        let version = start.littleEndian(at: 4, length: 2) ?? 0
        let numbers: [UInt64?]
        let shape: [UInt64?]
        if version >= 3980 {
            let descriptorLength = Int64(start.littleEndian(at: 8, length: 4) ?? 0)
            let header = try Self.header(input, at: offset + descriptorLength, count: 24, of: .monkeysAudio)
            numbers = [4, 8, 12].map { header.littleEndian(at: $0, length: 4) }
            shape = [16, 18].map { header.littleEndian(at: $0, length: 2) }
        } else {
            let isExtraHigh = start.littleEndian(at: 6, length: 2) ?? 0 >= 4000
            let each: UInt64 = version >= 3950 ? 4 * 73_728 : version >= 3900 || isExtraHigh ? 73_728 : 9_216
            numbers = [each, start.littleEndian(at: 28, length: 4), start.littleEndian(at: 24, length: 4)]
            // MAC_FORMAT_FLAG_8_BIT and _24_BIT.
            let flags = start.littleEndian(at: 8, length: 2) ?? 0
            shape = [flags & 1 != 0 ? 8 : flags & 8 != 0 ? 24 : 16, start.littleEndian(at: 10, length: 2)]
        }
        guard let bits = shape[0], let channels = shape[1], [8, 16, 24].contains(bits), channels <= 2 else {
            let words = shape.map { $0.map(String.init) ?? "unknown" }
            throw MediaFailure(
                .unsupportedFormat,
                "\(Container.monkeysAudio.name) with \(words[0]) bits and \(words[1]) channels is not accepted; up to 24 bits "
                    + "in stereo are")
        }
        // 32 bits each, so that no product is too large.
        guard let each = numbers[0], let last = numbers[1], let frames = numbers[2], frames > 0, last <= each else {
            throw MediaFailure(.corrupt, "the \(Container.monkeysAudio.name) header describes no samples")
        }
        // The seek table has four bytes for each, and libavformat takes memory for all of them.
        guard frames <= UInt64(max(0, size - offset)) / 4 else {
            throw MediaFailure(
                .corrupt, "the \(Container.monkeysAudio.name) header declares more frames than the file holds")
        }
        self.init(samples: Int64(clamping: (frames - 1) * each + last))
    }

    /// What the `fmt ` chunk of a DSF file says (Sony, DSF File Format Specification 1.01). It counts bits a channel,
    /// of which the decoder makes one sample of eight; the last block is filled up.
    ///
    /// - Throws: `corrupt` when there is no whole header, `inputOutput`.
    init(dsf input: FileDescriptor, at offset: Int64) throws(MediaFailure) {
        let header = try Self.header(input, at: offset, count: 92, of: .dsf)
        self.init(samples: header.littleEndian(at: 64, length: 8).map { Int64(clamping: $0 / 8) }, trimsEnd: true)
    }

    /// Windows Media does not count samples, but says how large its data object is (Advanced Systems Format §5.1).
    ///
    /// - Throws: `corrupt` when part of the data object is missing, `inputOutput`.
    init(windowsMedia input: FileDescriptor, at offset: Int64, size: Int64) throws(MediaFailure) {
        let header = try Self.header(input, at: offset, count: 24, of: .windowsMedia)
        let headerSize = Int64(clamping: header.littleEndian(at: 16, length: 8) ?? 0)
        guard headerSize < size - offset else {
            throw MediaFailure(.corrupt, "the \(Container.windowsMedia.name) file ends within its header")
        }
        let data = try Self.header(input, at: offset + headerSize, count: 24, of: .windowsMedia)
        // A recorder that could not go back leaves 0.
        let dataSize = Int64(clamping: data.littleEndian(at: 16, length: 8) ?? 0)
        let present = size - offset - headerSize
        guard dataSize <= present else {
            throw MediaFailure(
                .corrupt, "the file holds \(present) of the \(dataSize) bytes of audio data its header declares")
        }
        self.init()
    }

    private static func header(
        _ input: FileDescriptor, at offset: Int64, count: Int, of container: Container
    ) throws(MediaFailure) -> [UInt8] {
        let header = try input.bytes(at: offset, count: count)
        guard header.count == count else {
            throw MediaFailure(.corrupt, "the \(container.name) file ends within its header")
        }
        return header
    }
}
