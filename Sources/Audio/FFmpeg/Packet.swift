import CFFmpeg
import MediaContract

/// One compressed packet; owns an `AVPacket`.
@safe
struct Packet: ~Copyable {
    private let pointer: UnsafeMutablePointer<AVPacket>

    /// - Throws: `library` when memory runs out.
    init() throws(MediaFailure) {
        guard let packet = unsafe av_packet_alloc() else { throw .library("allocate a packet") }
        unsafe pointer = packet
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = unsafe pointer
        unsafe av_packet_free(&packet)
    }

    var streamIndex: Int32 {
        get { unsafe pointer.pointee.stream_index }
        nonmutating set { unsafe pointer.pointee.stream_index = newValue }
    }

    /// Presentation time in the stream's time base; nil where there is none. Negative before the first sample that
    /// counts.
    var timestamp: Int64? {
        let timestamp = unsafe pointer.pointee.pts
        return timestamp == lathe_nopts_value ? nil : timestamp
    }

    /// The demuxer says that bytes of the packet are missing or wrong.
    var isMarkedCorrupt: Bool { unsafe pointer.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 }

    /// The packet's bytes, valid inside `body` only.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        unsafe body(UnsafeRawBufferPointer(start: pointer.pointee.data, count: Int(pointer.pointee.size)))
    }

    /// Gives up the data and becomes empty.
    func clear() {
        unsafe av_packet_unref(pointer)
    }

    /// Takes over the data and properties of `other`, which becomes empty.
    func take(from other: borrowing Packet) {
        unsafe av_packet_unref(pointer)
        unsafe av_packet_move_ref(pointer, other.pointer)
    }

    /// Copies `bytes` into a fresh packet of its own.
    ///
    /// - Throws: `library` when memory runs out.
    func fill(with bytes: [UInt8]) throws(MediaFailure) {
        unsafe av_packet_unref(pointer)
        try check(unsafe av_new_packet(pointer, Int32(bytes.count)), "allocate a packet")
        unsafe UnsafeMutableRawBufferPointer(start: pointer.pointee.data, count: bytes.count).copyBytes(from: bytes)
    }

    /// Samples a decoder must drop after decoding this packet, as FFmpeg's AV_PKT_DATA_SKIP_SAMPLES side data states
    /// them (libavcodec/packet.h: two little-endian 32-bit numbers, from the start and from the end).
    ///
    /// - Throws: `library` when memory runs out.
    func setSkip(start: Int32? = nil, end: Int32? = nil) throws(MediaFailure) {
        var size = 0
        var sideData = unsafe av_packet_get_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, &size)
        if unsafe sideData == nil || size < Self.skipSamplesSize {
            unsafe sideData = av_packet_new_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, Self.skipSamplesSize)
            unsafe sideData?.initialize(repeating: 0, count: Self.skipSamplesSize)
        }
        guard let sideData = unsafe sideData else { throw .library("allocate packet side data") }
        let numbers = UnsafeMutableRawPointer(sideData)
        if let start { unsafe numbers.storeBytes(of: start.littleEndian, toByteOffset: 0, as: Int32.self) }
        if let end { unsafe numbers.storeBytes(of: end.littleEndian, toByteOffset: 4, as: Int32.self) }
    }

    /// Whether the packet states samples to drop, from the start or from the end.
    var hasSkip: Bool {
        unsafe av_packet_get_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, nil) != nil
    }

    private static let skipSamplesSize = 10

    /// The pointer, for the call that reads or fills the packet; it must not be kept.
    func withPointer<Result>(_ body: (UnsafeMutablePointer<AVPacket>) -> Result) -> Result {
        unsafe body(pointer)
    }
}
