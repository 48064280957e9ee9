import FoundationEssentials

/// Samples of 16 bits that are encoded as one piece of data, little-endian: a hundred thousand of them as numbers in
/// JSON would cost as much time as measuring them.
@propertyWrapper
package struct PackedSamples: Sendable, Hashable, Codable {
    package var wrappedValue: [Int16]

    package init(wrappedValue: [Int16]) {
        self.wrappedValue = wrappedValue
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let bytes = try container.decode(Data.self)
        guard bytes.count.isMultiple(of: 2) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "half a sample at the end")
        }
        wrappedValue = unsafe bytes.withUnsafeBytes { bytes in
            (0..<(bytes.count / 2)).map {
                unsafe Int16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: Int16.self))
            }
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        let samples = wrappedValue.map(\.littleEndian)
        try unsafe container.encode(samples.withUnsafeBytes { unsafe Data($0) })
    }
}
