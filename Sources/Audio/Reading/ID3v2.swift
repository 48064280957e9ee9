import MediaContract
import SystemPackage

/// The ID3v2 tags that may lie in front of any audio file.
enum ID3v2 {
    /// Tags that follow one another are skipped up to this many; more is no honest file.
    private static let maximumTags = 8

    /// Bytes the tags at the start of `input` take; 0 when there is none.
    ///
    /// Header after ID3v2.4.0 structure §3.1: "ID3", version, flags, and a size of four 7-bit bytes that counts
    /// neither header nor footer.
    ///
    /// - Throws: `inputOutput`.
    static func length(in input: FileDescriptor) throws(MediaFailure) -> Int64 {
        var offset: Int64 = 0
        for _ in 0..<maximumTags {
            let header = try input.bytes(at: offset, count: 10)
            guard header.count == 10, header.starts(with: Array("ID3".utf8)),
                header[6...].allSatisfy({ $0 < 0x80 })
            else { break }
            let size = header[6...].reduce(Int64(0)) { $0 << 7 | Int64($1) }
            let hasFooter = header[5] & 0x10 != 0
            offset += 10 + size + (hasFooter ? 10 : 0)
        }
        return offset
    }
}
