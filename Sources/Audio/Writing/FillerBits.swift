/// The bits LAME writes where a frame has no use for them, between one frame's main data and the next
/// (`drain_into_ancillary` in LAME's bitstream.c): its name and version as far as they fit, then single bits that
/// alternate. No decoder looks at them.
///
/// Whether an alternating run begins with 0 or 1 follows from the run before. That one bit is all in which the bytes of
/// two encoders can differ that otherwise agree.
struct FillerBits: Sendable {
    /// "LAME3.100".
    let text: [UInt8]

    private static let nameLength = 4
    /// The version is only written where so many bits are left after the name.
    private static let bitsForVersion = 32

    /// Where the alternating bits are in `range` of `bytes`, a stretch between two frames' main data.
    ///
    /// - Parameters:
    ///   - phase: what the next alternating run begins with; afterwards what the one after it does.
    ///   - isLast: the stretch ends the stream, where its second part may have any length.
    /// - Returns: nil when the bits are not what LAME writes.
    func alternatingBits(
        in bytes: [UInt8], _ range: Range<Int>, phase: inout Bool, isLast: Bool = false
    ) -> [Range<Int>]? {
        // What is left over after a frame comes in two parts, behind it and, in whole bytes, before the next.
        for second in stride(from: 0, through: range.count, by: isLast ? 1 : 8) {
            let border = range.upperBound - second
            var tried = phase
            guard let first = alternatingPart(in: bytes, range.lowerBound..<border, phase: &tried),
                let rest = alternatingPart(in: bytes, border..<range.upperBound, phase: &tried)
            else { continue }
            phase = tried
            return [first, rest].filter { !$0.isEmpty }
        }
        return nil
    }

    private func alternatingPart(in bytes: [UInt8], _ range: Range<Int>, phase: inout Bool) -> Range<Int>? {
        var position = range.lowerBound
        for (index, character) in text.enumerated() where range.upperBound - position >= 8 {
            if index == Self.nameLength, range.upperBound - position < Self.bitsForVersion { break }
            guard bytes.bits(at: position, count: 8) == character else { return nil }
            position += 8
        }
        let expected: UInt8 = phase ? 0b1010_1010 : 0b0101_0101
        for start in stride(from: position, to: range.upperBound, by: 8) {
            let count = min(8, range.upperBound - start)
            guard bytes.bits(at: start, count: count) == expected >> (8 - UInt8(count)) else { return nil }
        }
        if (range.upperBound - position) % 2 == 1 { phase.toggle() }
        return position..<range.upperBound
    }
}

extension [UInt8] {
    /// Up to 8 bits from bit `offset` on, counted from the first byte's most significant.
    fileprivate func bits(at offset: Int, count: Int) -> UInt8 {
        let index = offset >> 3
        let next = index + 1 < self.count ? self[index + 1] : 0
        let window = UInt16(self[index]) << 8 | UInt16(next)
        return UInt8(truncatingIfNeeded: (window << UInt16(offset & 7)) >> 8) >> (8 - UInt8(count))
    }
}
