import CFFmpeg
import MediaContract

/// LAME through libavcodec; owns an `AVCodecContext`.
@safe
struct MP3Encoder: ~Copyable {
    private let pointer: UnsafeMutablePointer<AVCodecContext>

    /// - Parameter shape: planar 16-bit, 32-bit or float; mono or stereo; a rate of MPEG-1.
    /// - Throws: `library` when this FFmpeg has no libmp3lame or refuses the settings.
    init(_ profile: EncodingProfile, _ shape: SampleShape) throws(MediaFailure) {
        guard let codec = unsafe avcodec_find_encoder_by_name("libmp3lame") else {
            throw MediaFailure(.library, "this FFmpeg is built without libmp3lame; install one that has it")
        }
        let encoder = try unsafe MP3Encoder(allocating: codec)
        try unsafe encoder.open(codec, profile, shape)
        self = encoder
    }

    /// Only holds the context, so that whatever fails afterwards frees it.
    private init(allocating codec: UnsafePointer<AVCodec>) throws(MediaFailure) {
        guard let context = unsafe avcodec_alloc_context3(codec) else { throw .library("allocate a codec") }
        unsafe pointer = context
    }

    private func open(
        _ codec: UnsafePointer<AVCodec>, _ profile: EncodingProfile, _ shape: SampleShape
    ) throws(MediaFailure) {
        unsafe pointer.pointee.bit_rate = Int64(profile.bitRate)
        unsafe pointer.pointee.compression_level = Int32(profile.compressionLevel)
        unsafe pointer.pointee.sample_fmt = shape.format
        unsafe pointer.pointee.sample_rate = Int32(shape.sampleRate)
        unsafe pointer.pointee.time_base = AVRational(num: 1, den: Int32(shape.sampleRate))
        let copied = unsafe shape.layout.withAVChannelLayout {
            unsafe av_channel_layout_copy(&pointer.pointee.ch_layout, $0)
        }
        try check(copied, "set the encoder's channels")
        unsafe try setOption("joint_stereo", "1", on: pointer)
        unsafe try setOption("reservoir", "1", on: pointer)
        try check(unsafe avcodec_open2(pointer, codec, nil), "open the encoder")
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = unsafe pointer
        unsafe avcodec_free_context(&context)
    }

    /// Samples per channel in one packet (MPEG-1 Layer III, ISO/IEC 11172-3 §2.4.2.1).
    static let samplesPerFrame = 1152

    /// Samples the decoder yields before the first real one: LAME's 576 and the decoder's own 529.
    var delay: Int { Int(unsafe pointer.pointee.initial_padding) }

    /// Describes the stream to a muxer.
    ///
    /// - Throws: `library`.
    func describe(to parameters: UnsafeMutablePointer<AVCodecParameters>) throws(MediaFailure) {
        try check(unsafe avcodec_parameters_from_context(parameters, pointer), "describe the MP3 stream")
    }

    /// Gives the encoder `samplesPerFrame` samples, or fewer with the last frame.
    ///
    /// - Throws: `library`.
    func send(_ frame: borrowing Frame) throws(MediaFailure) {
        unsafe try check(frame.withPointer { unsafe avcodec_send_frame(pointer, $0) }, "encode")
    }

    /// Tells the encoder that no frame follows.
    ///
    /// - Throws: `library`.
    func finish() throws(MediaFailure) {
        try check(unsafe avcodec_send_frame(pointer, nil), "finish encoding")
    }

    /// The next packet, in `packet`; false when there is none yet, or none any more.
    ///
    /// - Throws: `library`.
    func receive(into packet: borrowing Packet) throws(MediaFailure) -> Bool {
        let status = unsafe AVStatus(packet.withPointer { unsafe avcodec_receive_packet(pointer, $0) })
        if status == .tryAgain || status == .endOfFile { return false }
        try check(status.rawValue, "encode")
        return true
    }
}
