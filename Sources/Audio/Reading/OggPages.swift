import CFFmpeg
import MediaContract
import SystemPackage

/// Reads all page headers of an Ogg file and checks every page, because FFmpeg's demuxer passes over a damaged or
/// missing page in silence (page layout: RFC 3533 §6).
struct OggPages {
    /// End position of the audio stream in the codec's sample units: the granule position of its last page.
    private(set) var lastGranule: Int64 = 0
    private var serial: UInt64?
    private var nextSequence: UInt64 = 0
    private var sawEnd = false

    private static let headerLength = 27
    private static let continuesLastPage: UInt8 = 1
    private static let beginsStream: UInt8 = 2
    private static let endsStream: UInt8 = 4

    /// Walks `input`; the first logical stream is the one that counts.
    ///
    /// - Throws: `corrupt` naming the byte where a page is cut off, damaged or missing; `unsupportedFormat` for several
    ///   streams in one file; `inputOutput`, `cancelled`.
    static func read(
        _ input: FileDescriptor, from start: Int64, size: Int64, isCancelled: () -> Bool
    ) throws(MediaFailure) -> OggPages {
        var pages = OggPages()
        var offset = start
        while offset < size {
            guard !isCancelled() else { throw .cancelled }
            offset += try pages.readPage(input, at: offset, size: size)
        }
        guard pages.sawEnd else {
            throw MediaFailure(.corrupt, "the Ogg file ends without its last page; its end is missing")
        }
        return pages
    }

    private mutating func readPage(
        _ input: FileDescriptor, at offset: Int64, size: Int64
    ) throws(MediaFailure) -> Int64 {
        // The largest page: a header, 255 lacing values, and 255 bytes for each.
        var page = try input.bytes(at: offset, count: Self.headerLength + 255 + 255 * 255)
        guard page.fourCC(at: 0) == "OggS" else {
            // Tags that some programs append are no part of the stream.
            if sawEnd { return size - offset }
            throw MediaFailure(.corrupt, "the Ogg file is damaged at byte \(offset) of \(size): no page starts there")
        }
        let segments = page.count > 26 ? Int(page[26]) : 0
        let bodyStart = Self.headerLength + segments
        guard page.count >= bodyStart else { throw cutOff(offset) }
        let length = bodyStart + page[Self.headerLength..<bodyStart].reduce(0) { $0 + Int($1) }
        guard page.count >= length else { throw cutOff(offset) }
        page.removeSubrange(length...)
        try check(&page, at: offset, size: size)
        return Int64(length)
    }

    private func cutOff(_ offset: Int64) -> MediaFailure {
        MediaFailure(.corrupt, "the Ogg file ends in the middle of the page at byte \(offset); its end is missing")
    }

    private mutating func check(_ page: inout [UInt8], at offset: Int64, size: Int64) throws(MediaFailure) {
        let flags = page[5]
        let granule = Int64(bitPattern: page.littleEndian(at: 6, length: 8) ?? 0)
        let pageSerial = page.littleEndian(at: 14, length: 4) ?? 0
        let sequence = page.littleEndian(at: 18, length: 4) ?? 0
        let checksum = UInt32(page.littleEndian(at: 22, length: 4) ?? 0)
        page.replaceSubrange(22..<26, with: [0, 0, 0, 0])
        // Ogg's CRC is the plain one of polynomial 0x04C11DB7, most significant bit first, starting from 0.
        let found = unsafe page.withUnsafeBufferPointer {
            unsafe av_crc(av_crc_get_table(AV_CRC_32_IEEE), 0, $0.baseAddress, $0.count)
        }
        guard found.byteSwapped == checksum else {
            throw MediaFailure(.corrupt, "the Ogg file is damaged at byte \(offset) of \(size): checksum mismatch")
        }
        if flags & Self.beginsStream != 0 {
            guard serial == nil else {
                throw MediaFailure(.unsupportedFormat, "the Ogg file holds several streams; give one file per track")
            }
            serial = pageSerial
            nextSequence = sequence
        }
        guard pageSerial == serial else { return }
        guard sequence == nextSequence else {
            throw MediaFailure(.corrupt, "the Ogg file is damaged at byte \(offset) of \(size): pages are missing")
        }
        nextSequence = (sequence + 1) & 0xFFFF_FFFF
        // A page on which no packet ends has no position.
        if granule >= 0 { lastGranule = granule }
        if flags & Self.endsStream != 0 { sawEnd = true }
    }
}

extension MediaFailure {
    /// The caller cancelled.
    static var cancelled: MediaFailure { MediaFailure(.cancelled, "cancelled") }
}
