/// What the head of an MPEG-1 Layer III frame says of its main data: the header and side information (ISO/IEC 11172-3
/// §2.4.1.3, §2.4.1.7), without a checksum.
struct LayerIIIFrame: Sendable, Hashable {
    /// How many bytes before this frame's own area its main data begins: the bit reservoir.
    let mainDataBegin: Int
    /// Bits of main data: part2_3_length of both granules and all channels.
    let mainDataBits: Int

    /// Bytes of header and side information.
    static func headLength(channels: Int) -> Int { channels == 1 ? 4 + 17 : 4 + 32 }

    /// - Parameter head: at least `headLength` bytes of a frame.
    init(head: ArraySlice<UInt8>, channels: Int) {
        let sideInfo = head.dropFirst(4)
        mainDataBegin = Self.bits(sideInfo, at: 0, count: 9)
        // main_data_begin, private_bits and scfsi stand before the granules, each of which takes 59 bits a channel.
        let firstGranule = channels == 1 ? 9 + 5 + 4 : 9 + 3 + 8
        mainDataBits = (0..<2 * channels).reduce(0) {
            $0 + Self.bits(sideInfo, at: firstGranule + 59 * $1, count: 12)
        }
    }

    /// Up to 16 bits from bit `offset` on, counted from the first byte's most significant.
    private static func bits(_ bytes: ArraySlice<UInt8>, at offset: Int, count: Int) -> Int {
        let index = bytes.startIndex + offset >> 3
        let window = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
        return Int((window << UInt32(8 + offset & 7)) >> UInt32(32 - count))
    }
}
