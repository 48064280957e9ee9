import FoundationEssentials

/// UUIDs as Postgres writes them: 32 lower-case hexadecimal digits in groups of 8, 4, 4, 4 and 12. Foundation's own
/// conversions go through `printf` and `scanf`, which showed as a tenth of the time of a busy queue.
enum UUIDText {
    private static let digits = Array("0123456789abcdef".utf8)
    private static let dash = UInt8(ascii: "-")
    private static let length = 36

    static func text(of id: UUID) -> String {
        let bytes = id.uuid
        return unsafe String(unsafeUninitializedCapacity: length) { text in
            var position = 0
            unsafe withUnsafeBytes(of: bytes) { bytes in
                for index in 0..<16 {
                    if isAfterDash(index) {
                        unsafe text[position] = dash
                        position += 1
                    }
                    let byte = unsafe bytes[index]
                    unsafe text[position] = digits[Int(byte >> 4)]
                    unsafe text[position + 1] = digits[Int(byte & 15)]
                    position += 2
                }
            }
            return position
        }
    }

    /// The sixteen bytes; nil where the text is written in another way.
    fileprivate static func bytes(of text: String) -> uuid_t? {
        var result: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        var text = text
        let isRead = text.withUTF8 { text in
            guard text.count == length else { return false }
            return unsafe withUnsafeMutableBytes(of: &result) { result in
                var position = 0
                for index in 0..<16 {
                    if isAfterDash(index) {
                        guard unsafe text[position] == dash else { return false }
                        position += 1
                    }
                    guard let high = unsafe value(of: text[position]), let low = unsafe value(of: text[position + 1])
                    else { return false }
                    unsafe result[index] = high << 4 | low
                    position += 2
                }
                return true
            }
        }
        return isRead ? result : nil
    }

    private static func isAfterDash(_ byte: Int) -> Bool { byte == 4 || byte == 6 || byte == 8 || byte == 10 }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension UUID {
    init?(uuidText: String) {
        guard let bytes = UUIDText.bytes(of: uuidText) else { return nil }
        self.init(uuid: bytes)
    }
}
