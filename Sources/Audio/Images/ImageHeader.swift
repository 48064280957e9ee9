import MediaContract

/// Reads the size of a picture from its header, so that a small file cannot ask for gigabytes of pixels.
enum ImageHeader {
    /// Width and height in pixels; nil when the header is damaged.
    static func size(of bytes: [UInt8], _ format: ImageInspection.Format) -> (width: Int, height: Int)? {
        let size: (UInt64?, UInt64?) =
            switch format {
            case .jpeg: jpegSize(bytes)
            // IHDR is always first (ISO/IEC 15948 §11.2.1).
            case .png: (bytes.bigEndian(at: 16, length: 4), bytes.bigEndian(at: 20, length: 4))
            case .webp: webpSize(bytes)
            }
        guard let width = size.0, let height = size.1, 1...0xFFFF_FFFF ~= width, 1...0xFFFF_FFFF ~= height,
            !width.multipliedReportingOverflow(by: height).overflow, width * height <= UInt64(Int.max)
        else { return nil }
        return (Int(width), Int(height))
    }

    /// Walks the marker segments to the frame header (ITU-T T.81 §B.2.2).
    private static func jpegSize(_ bytes: [UInt8]) -> (UInt64?, UInt64?) {
        var offset = 2
        while offset + 4 <= bytes.count {
            guard bytes[offset] == 0xFF else { return (nil, nil) }
            let marker = bytes[offset + 1]
            // Fill bytes, and markers without a segment.
            if marker == 0xFF {
                offset += 1
                continue
            }
            if marker == 0x01 || 0xD0...0xD7 ~= marker {
                offset += 2
                continue
            }
            // 0xC4, 0xC8 and 0xCC lie among the frame headers and are none.
            if 0xC0...0xCF ~= marker, ![0xC4, 0xC8, 0xCC].contains(marker) {
                return (bytes.bigEndian(at: offset + 7, length: 2), bytes.bigEndian(at: offset + 5, length: 2))
            }
            guard let length = bytes.bigEndian(at: offset + 2, length: 2), length >= 2 else { return (nil, nil) }
            offset += 2 + Int(length)
        }
        return (nil, nil)
    }

    /// The first chunk is VP8X, VP8L or VP8 (RFC 9649 §2.5–2.7, VP8L §3.4, RFC 6386 §9.1).
    private static func webpSize(_ bytes: [UInt8]) -> (UInt64?, UInt64?) {
        switch bytes.fourCC(at: 12) {
        case "VP8X":
            return (
                bytes.littleEndian(at: 24, length: 3).map { $0 + 1 },
                bytes.littleEndian(at: 27, length: 3).map { $0 + 1 }
            )
        case "VP8L":
            let packed = bytes.littleEndian(at: 21, length: 4)
            return (packed.map { ($0 & 0x3FFF) + 1 }, packed.map { ($0 >> 14 & 0x3FFF) + 1 })
        case "VP8 ":
            return (
                bytes.littleEndian(at: 26, length: 2).map { $0 & 0x3FFF },
                bytes.littleEndian(at: 28, length: 2).map { $0 & 0x3FFF }
            )
        default:
            return (nil, nil)
        }
    }
}
