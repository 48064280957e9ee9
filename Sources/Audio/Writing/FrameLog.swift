/// The MP3 frames of one encoder, taken apart into heads (header and side information) and areas, over whose borders
/// the main data runs on.
///
/// Frames are numbered from the start of the track.
struct FrameLog: Sendable {
    private struct Entry {
        /// Byte in `areas` at which the frame's area begins.
        var area: Int
        /// Bit in `areas` at which its main data begins; before 0 when that was removed or never there.
        var mainData: Int
        var mainDataBits: Int
        /// What the alternating filler behind the main data begins with, and where it is; nil until the next frame is
        /// there, or when the filler is not LAME's.
        var phase: Bool?
        var alternatingBits: [Range<Int>] = []
    }

    private let channels: Int
    private let headLength: Int
    private let filler: FillerBits
    private(set) var first: Int
    private var heads: [UInt8] = []
    private var areas: [UInt8] = []
    private var entries: [Entry] = []
    /// Nil once the filler was not what LAME writes.
    private var phase: Bool? = false

    init(first: Int, channels: Int, filler: FillerBits) {
        self.first = first
        self.channels = channels
        self.filler = filler
        headLength = LayerIIIFrame.headLength(channels: channels)
    }

    /// One behind the newest frame.
    var end: Int { first + entries.count }

    /// Adds the next frame.
    mutating func append(_ frame: UnsafeRawBufferPointer) {
        unsafe heads.append(contentsOf: UnsafeRawBufferPointer(rebasing: frame.prefix(headLength)))
        let parsed = LayerIIIFrame(head: heads.suffix(headLength), channels: channels)
        let entry = Entry(
            area: areas.count, mainData: 8 * (areas.count - parsed.mainDataBegin), mainDataBits: parsed.mainDataBits)
        unsafe areas.append(contentsOf: UnsafeRawBufferPointer(rebasing: frame.dropFirst(headLength)))
        noteFiller(upTo: entry.mainData)
        entries.append(entry)
    }

    /// No frame follows.
    mutating func finish() {
        noteFiller(upTo: 8 * areas.count, isLast: true)
    }

    private mutating func noteFiller(upTo end: Int, isLast: Bool = false) {
        guard let last = entries.indices.last, var next = phase else { return }
        let start = entries[last].mainData + entries[last].mainDataBits
        guard start >= 0, start <= end,
            let bits = filler.alternatingBits(in: areas, start..<end, phase: &next, isLast: isLast)
        else {
            phase = nil
            return
        }
        entries[last].phase = phase
        entries[last].alternatingBits = bits
        phase = next
    }

    /// All of a frame that a decoder reads: its head and its main data, wherever they lie. Nil when it is not all here.
    func content(of frame: Int) -> (head: ArraySlice<UInt8>, mainData: [UInt8])? {
        guard (first..<end).contains(frame) else { return nil }
        let index = frame - first
        let entry = entries[index]
        let bytes = entry.mainData >> 3..<(entry.mainData + entry.mainDataBits + 7) >> 3
        guard bytes.lowerBound >= 0, bytes.upperBound <= areas.count else { return nil }
        var mainData = Array(areas[bytes])
        let unused = UInt8(8 * bytes.count - entry.mainDataBits)
        if let last = mainData.indices.last { mainData[last] &= 0xFF << unused }
        return (heads[index * headLength..<(index + 1) * headLength], mainData)
    }

    /// A decoder reads the same from this frame in both.
    func agrees(with other: FrameLog, at frame: Int) -> Bool {
        guard let mine = content(of: frame), let others = other.content(of: frame) else { return false }
        return mine.head == others.head && mine.mainData == others.mainData
    }

    /// The frame is here and has no main data: silence.
    func isEmpty(_ frame: Int) -> Bool { (first..<end).contains(frame) && entries[frame - first].mainDataBits == 0 }

    /// What the alternating filler behind the main data of `frame` begins with; nil when that is not known.
    func phase(behind frame: Int) -> Bool? {
        (first..<end).contains(frame) ? entries[frame - first].phase : nil
    }

    /// Inverts the alternating filler behind the main data of `frame`.
    mutating func invertFiller(behind frame: Int) {
        guard (first..<end).contains(frame) else { return }
        for bit in entries[frame - first].alternatingBits.joined() { areas[bit >> 3] ^= 0x80 >> UInt8(bit & 7) }
    }

    /// The bytes of a frame.
    func bytes(of frame: Int) -> [UInt8] {
        let index = frame - first
        let areaEnd = index + 1 < entries.count ? entries[index + 1].area : areas.count
        return Array(heads[index * headLength..<(index + 1) * headLength]) + areas[entries[index].area..<areaEnd]
    }

    /// Forgets the frames before `frame`, except two: main data of later ones begins there.
    mutating func forget(before frame: Int) {
        let count = min(frame - 2, end) - first
        guard count > 0 else { return }
        let bytes = count < entries.count ? entries[count].area : areas.count
        entries.removeFirst(count)
        heads.removeFirst(count * headLength)
        areas.removeFirst(bytes)
        first += count
        for index in entries.indices {
            entries[index].area -= bytes
            entries[index].mainData -= 8 * bytes
            entries[index].alternatingBits = entries[index].alternatingBits.map {
                $0.lowerBound - 8 * bytes..<$0.upperBound - 8 * bytes
            }
        }
    }
}
