import CFFmpeg
import MediaContract

/// Turns packets into samples; owns an `AVCodecContext`.
@safe
struct Decoder: ~Copyable {
    private let pointer: UnsafeMutablePointer<AVCodecContext>

    /// - Throws: `unsupportedFormat` when the codec is not one the container may hold, `corrupt` when its setup data
    ///   makes no sense, `library`.
    init(
        _ parameters: UnsafePointer<AVCodecParameters>, timeBase: AVRational, _ container: Container
    ) throws(MediaFailure) {
        let id = unsafe parameters.pointee.codec_id
        let codecName = unsafe String(cString: avcodec_get_name(id))
        guard let codec = unsafe avcodec_find_decoder(id), let rawName = unsafe codec.pointee.name,
            container.decoders.contains(unsafe String(cString: rawName))
        else {
            throw MediaFailure(
                .unsupportedFormat, "the file is \(container.name) with \(Self.words(codecName)), which is not accepted"
            )
        }
        let decoder = try unsafe Decoder(allocating: codec)
        try unsafe decoder.open(codec, parameters, timeBase: timeBase)
        self = decoder
    }

    /// Only holds the context, so that whatever fails afterwards frees it.
    private init(allocating codec: UnsafePointer<AVCodec>) throws(MediaFailure) {
        guard let context = unsafe avcodec_alloc_context3(codec) else { throw .library("allocate a codec") }
        unsafe pointer = context
    }

    private func open(
        _ codec: UnsafePointer<AVCodec>, _ parameters: UnsafePointer<AVCodecParameters>, timeBase: AVRational
    ) throws(MediaFailure) {
        try check(unsafe avcodec_parameters_to_context(pointer, parameters), "set up the decoder")
        unsafe pointer.pointee.pkt_timebase = timeBase
        unsafe pointer.pointee.thread_count = 1
        unsafe pointer.pointee.err_recognition = Self.strictness(parameters.pointee.codec_id)
        let status = AVStatus(unsafe avcodec_open2(pointer, codec, nil))
        guard !status.isError else {
            let detail = LogCapture.takeLastError() ?? status.text
            throw MediaFailure(.corrupt, "the file's \(codecName) setup data cannot be decoded: \(detail)")
        }
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = unsafe pointer
        unsafe avcodec_free_context(&context)
    }

    /// MP3 frames may refer to earlier ones that an edit cut off; its decoder conceals that, as every player does,
    /// unless told to be strict.
    private static func strictness(_ id: AVCodecID) -> Int32 {
        id == AV_CODEC_ID_MP3 ? AV_EF_CRCCHECK : AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE
    }

    private static func words(_ codecName: String) -> String {
        codecName == "none" ? "an unknown or protected codec" : "the codec \(codecName)"
    }

    /// FFmpeg's codec name: pcm_s24le, flac, mp3.
    var codecName: String { unsafe String(cString: avcodec_get_name(pointer.pointee.codec_id)) }

    /// The codec keeps every sample.
    var isLossless: Bool {
        guard let descriptor = unsafe avcodec_descriptor_get(pointer.pointee.codec_id) else { return false }
        // WavPack can do both, which is the file's to say; DSD is called lossy for what comes before it.
        let props = unsafe descriptor.pointee.props
        return props & AV_CODEC_PROP_LOSSY == 0 || props & AV_CODEC_PROP_LOSSLESS != 0 || codecName.hasPrefix("dsd_")
    }

    /// Significant bits a sample of a lossless codec.
    var bitsPerSample: Int {
        let raw = unsafe pointer.pointee.bits_per_raw_sample
        if raw > 0 { return Int(raw) }
        let exact = unsafe av_get_exact_bits_per_sample(pointer.pointee.codec_id)
        return Int(exact > 0 ? exact : unsafe pointer.pointee.bits_per_coded_sample)
    }

    /// Gives the decoder a packet; all frames must have been received before.
    func send(_ packet: borrowing Packet) -> AVStatus {
        unsafe AVStatus(packet.withPointer { unsafe avcodec_send_packet(pointer, $0) })
    }

    /// Tells the decoder that no packet follows.
    func finish() {
        unsafe avcodec_send_packet(pointer, nil)
    }

    /// The next frame, in `frame`.
    ///
    /// - Returns: `.tryAgain` when a packet is needed first, `.endOfFile` after the last frame.
    func receive(into frame: borrowing Frame) -> AVStatus {
        unsafe AVStatus(frame.withPointer { unsafe avcodec_receive_frame(pointer, $0) })
    }
}
