/// Boxes of an MP4 or QuickTime file (ISO/IEC 14496-12; QuickTime File Format), with what no honest muxer writes.
enum MP4Forgery {
    /// Where a track's samples are said to be.
    enum Reference {
        /// A `url ` entry (14496-12 §8.7.2).
        case address(String)
        /// An `alis` entry, QuickTime's alias record of a path.
        case alias(String)
    }

    static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
        big(8 + content.count, 4) + Array(type.utf8) + content
    }

    static func big(_ value: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * (length - 1 - $0))) }
    }

    static let fileType = box("ftyp", Array("qt  ".utf8) + big(0, 4) + Array("qt  ".utf8))

    /// A mono track of big-endian 16-bit samples at 8 kHz, in one chunk at `offset`.
    static func track(samples: Int, at offset: Int) -> [UInt8] {
        let matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000].flatMap { big($0, 4) }
        let header = big(7, 4) + big(0, 8) + big(1, 4) + big(0, 4) + big(samples, 4) + big(0, 16) + matrix + big(0, 8)
        let media = big(0, 12) + big(8000, 4) + big(samples, 4) + big(0, 4)
        let handler = big(0, 8) + Array("soun".utf8) + big(0, 13)
        // Sound description 0: two bytes of data reference, then version to compression, 1 × 16 bits at 8,000 Hz.
        let sound =
            big(0, 6) + big(1, 2) + big(0, 8) + big(1, 2) + big(16, 2) + big(0, 4) + big(8000 << 16, 4)
        let table =
            box("stsd", big(0, 4) + big(1, 4) + box("twos", sound))
            + box("stts", big(0, 4) + big(1, 4) + big(samples, 4) + big(1, 4))
            + box("stsc", big(0, 4) + big(1, 4) + big(1, 4) + big(samples, 4) + big(1, 4))
            + box("stsz", big(0, 4) + big(2, 4) + big(samples, 4))
            + box("stco", big(0, 4) + big(1, 4) + big(offset, 4))
        let references = box("dinf", box("dref", big(0, 4) + big(1, 4) + box("url ", big(1, 4))))
        let information = box("minf", box("smhd", big(0, 8)) + references + box("stbl", table))
        return box(
            "trak", box("tkhd", header) + box("mdia", box("mdhd", media) + box("hdlr", handler) + information))
    }

    private static func entry(_ reference: Reference) -> [UInt8] {
        switch reference {
        case .address(let address): box("url ", big(0, 4) + Array(address.utf8) + [0])
        case .alias(let path): box("alis", big(0, 4) + alias(path))
        }
    }

    /// An alias record of version 2 with the absolute path (tag 2) and nothing else that is true.
    private static func alias(_ path: String) -> [UInt8] {
        let name = Array((path.split(separator: "/").last ?? "").utf8.prefix(63))
        let text = Array(path.utf8) + (path.utf8.count % 2 == 1 ? [0] : [])
        return big(0, 10) + [UInt8(1)] + Array("x".utf8) + big(0, 26) + big(0, 12) + [UInt8(name.count)] + name
            + [UInt8](repeating: 0, count: 63 - name.count) + big(0, 16) + big(0, 2) + big(0, 2) + big(0, 16)
            + big(2, 2) + big(path.utf8.count, 2) + text + big(0xFFFF, 2) + big(0, 2)
    }

    /// A movie header of so many seconds, at 8,000 units a second or fewer.
    static func movieHeader(duration: Int, scale: Int = 8000) -> [UInt8] {
        box("mvhd", big(0, 12) + big(scale, 4) + big(duration, 4) + big(0x10000, 4) + big(0, 76) + big(2, 4))
    }

    /// A file whose audio comes first: type, samples, movie.
    static func file(audio: [UInt8], tracks: [UInt8], duration: Int) -> [UInt8] {
        fileType + box("mdat", audio) + box("moov", movieHeader(duration: duration) + tracks)
    }

    /// Where `file` has its samples.
    static var audioOffset: Int { fileType.count + 8 }

    /// A good file of one track, whose movie comes last, with its data reference replaced by another.
    static func pointing(_ file: [UInt8], to reference: Reference) -> [UInt8]? {
        guard let own = position(of: "url ", in: file) else { return nil }
        var file = file
        let entry = entry(reference)
        file.replaceSubrange(own - 4..<own + 8, with: entry)
        for type in ["moov", "trak", "mdia", "minf", "dinf", "dref"] {
            guard let place = position(of: type, in: file) else { return nil }
            let size = file[place - 4..<place].reduce(0) { $0 << 8 | Int($1) }
            file.replaceSubrange(place - 4..<place, with: big(size + entry.count - 12, 4))
        }
        return file
    }

    /// A good file of one track that declares the longest duration a field of 32 bits can, in each header that has one.
    static func declaringTheLongest(_ file: [UInt8]) -> [UInt8]? {
        guard let movie = position(of: "mvhd", in: file), let track = position(of: "tkhd", in: file),
            let media = position(of: "mdhd", in: file), let times = position(of: "stts", in: file),
            let edit = position(of: "elst", in: file)
        else { return nil }
        var file = file
        for place in [movie + 20, track + 24, media + 20, times + 12, edit + 12] {
            file.replaceSubrange(place..<place + 4, with: big(0x7FFF_FFF0, 4))
        }
        return file
    }

    /// Where a type stands, from the movie box on.
    private static func position(of type: String, in file: [UInt8]) -> Int? {
        let start = file.lastPosition(of: "moov") ?? 0
        let wanted = Array(type.utf8)
        return (start..<max(start, file.count - 4)).first { file[$0..<$0 + 4].elementsEqual(wanted) }
    }
}

extension [UInt8] {
    /// Where four characters stand last.
    fileprivate func lastPosition(of text: String) -> Int? {
        let wanted = Array(text.utf8)
        return indices.dropLast(3).last { self[$0..<$0 + 4].elementsEqual(wanted) }
    }
}
