import MediaContract

extension ImageInspection.Format {
    /// The format whose magic number `bytes` start with: JPEG (ITU-T T.81 B.2.1), PNG (ISO/IEC 15948 §5.2), WebP
    /// (RFC 9649 §2.4).
    init?(magic bytes: [UInt8]) {
        if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if bytes.fourCC(at: 0) == "RIFF", bytes.fourCC(at: 8) == "WEBP" {
            self = .webp
        } else {
            return nil
        }
    }

    /// What operators call it.
    var name: String {
        switch self {
        case .jpeg: "JPEG"
        case .png: "PNG"
        case .webp: "WebP"
        }
    }
}
