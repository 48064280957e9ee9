package import TestSupport

/// Breaks a file as networks, disks and ill will do.
package enum Mutation: String, Sendable, CaseIterable {
    case flippedBits
    case randomBytes
    /// A 32-bit number becomes 0, one, its greatest, its least, or a random one, in either byte order.
    case extremeNumber
    case truncated
    case removedBytes
    case repeatedBytes
    case insertedBytes
    /// The head of one file, the tail of another.
    case spliced
    case zeros

    /// One to four mutations, mostly in the head, where the structure is.
    package static func mutate(_ bytes: [UInt8], with other: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let mutation = allCases.randomElement(using: &random) ?? .flippedBits
            mutation.apply(to: &bytes, other, &random)
        }
        return bytes
    }

    private func apply(to bytes: inout [UInt8], _ other: [UInt8], _ random: inout SeededGenerator) {
        guard bytes.count > 16 else { return }
        let place = Self.place(in: bytes, &random)
        let length = min(1 << Int.random(in: 0...12, using: &random), bytes.count - place)
        let span = place..<(place + length)
        switch self {
        case .flippedBits:
            for _ in 0..<Int.random(in: 1...32, using: &random) {
                bytes[Self.place(in: bytes, &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
        case .randomBytes: for index in span { bytes[index] = .random(in: 0...255, using: &random) }
        case .extremeNumber:
            let values: [UInt32] = [0, 1, .max, 0x7FFF_FFFF, 0x8000_0000, .random(in: 0...(.max), using: &random)]
            let value = values.randomElement(using: &random) ?? 0
            for index in 0..<min(4, bytes.count - place) {
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index)))
            }
        case .truncated: bytes.removeSubrange(place...)
        case .removedBytes: bytes.removeSubrange(span)
        case .repeatedBytes: bytes.insert(contentsOf: bytes[span], at: place)
        case .insertedBytes:
            bytes.insert(contentsOf: (0..<length).map { _ in .random(in: 0...255, using: &random) }, at: place)
        case .spliced: bytes = Array(bytes[..<place]) + other.dropFirst(min(place, other.count))
        case .zeros: for index in span { bytes[index] = 0 }
        }
    }

    private static func place(in bytes: [UInt8], _ random: inout SeededGenerator) -> Int {
        let head = min(bytes.count, 1 << Int.random(in: 5...12, using: &random))
        return Int.random(in: 0..<(Bool.random(using: &random) ? head : bytes.count), using: &random)
    }
}
