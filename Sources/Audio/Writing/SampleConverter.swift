import CFFmpeg
import MediaContract

/// Brings decoded samples into the encoder's shape: planar, at most two channels, a rate MP3 has.
///
/// Without resampling and downmix samples only change places. Otherwise everything from the first conversion on is
/// floating point, so nothing is rounded on the way. Owns a `SwrContext`.
@safe
struct SampleConverter: ~Copyable {
    private let pointer: OpaquePointer
    let input: SampleShape
    let output: SampleShape

    /// Significant bits of soxr's arithmetic: 28 is its "very high quality", made for 24-bit samples.
    private static let resamplerPrecision = "28"

    /// - Throws: `unsupportedFormat` when the channels cannot be downmixed, `library`.
    init(from input: SampleShape) throws(MediaFailure) {
        let converter = try SampleConverter(allocating: input)
        try converter.configure()
        let status = AVStatus(unsafe swr_init(converter.pointer))
        if status.isError {
            // Only a layout that names no speakers has no matrix; all else is this host's library.
            guard status != .outOfMemory, converter.downmixes else {
                throw .library("set up the sample converter", status)
            }
            throw MediaFailure(
                .unsupportedFormat,
                "\(input.channels) channels (\(input.layout.name)) cannot be mixed down to stereo: "
                    + (input.layout.mask == 0
                        ? "the file does not say which speakers they are for" : "no standard says how"))
        }
        self = converter
    }

    /// Only holds the context, so that whatever fails afterwards frees it.
    private init(allocating input: SampleShape) throws(MediaFailure) {
        guard let context = unsafe swr_alloc() else { throw .library("allocate a sample converter") }
        unsafe pointer = context
        self.input = input
        self.output = Self.encoderShape(for: input)
    }

    deinit {
        var context: OpaquePointer? = unsafe pointer
        unsafe swr_free(&context)
    }

    /// The shape `libmp3lame` takes that is nearest to `input`.
    static func encoderShape(for input: SampleShape) -> SampleShape {
        let rate = RateTable.outputRate(for: input.sampleRate)
        let layout = input.channels == 1 ? ChannelLayout.mono : .stereo
        let computes = rate != input.sampleRate || input.channels > 2
        let format =
            switch av_get_packed_sample_fmt(input.format) {
            // 8-bit samples are widened too: LAME has no smaller type.
            case AV_SAMPLE_FMT_U8 where !computes, AV_SAMPLE_FMT_S16 where !computes: AV_SAMPLE_FMT_S16P
            case AV_SAMPLE_FMT_S32 where !computes: AV_SAMPLE_FMT_S32P
            // LAME computes in single precision, so 64-bit floats lose nothing here that they would not lose there.
            default: AV_SAMPLE_FMT_FLTP
            }
        return SampleShape(sampleRate: rate, layout: layout, format: format)
    }

    /// The rate changes.
    var resamples: Bool { input.sampleRate != output.sampleRate }

    /// More than two channels become two.
    var downmixes: Bool { input.channels > output.channels }

    private func configure() throws(MediaFailure) {
        let object = unsafe UnsafeMutableRawPointer(pointer)
        // One or two channels pass as they are, whatever speakers the file names for them.
        let source = downmixes ? input.layout : output.layout
        let layouts = unsafe source.withAVChannelLayout { source in
            unsafe output.layout.withAVChannelLayout { target in
                min(
                    unsafe av_opt_set_chlayout(object, "in_chlayout", source, 0),
                    unsafe av_opt_set_chlayout(object, "out_chlayout", target, 0))
            }
        }
        try check(layouts, "set the channel layouts")
        try check(unsafe av_opt_set_int(object, "in_sample_rate", Int64(input.sampleRate), 0), "set the input rate")
        try check(unsafe av_opt_set_int(object, "out_sample_rate", Int64(output.sampleRate), 0), "set the output rate")
        try check(unsafe av_opt_set_sample_fmt(object, "in_sample_fmt", input.format, 0), "set the input format")
        try check(unsafe av_opt_set_sample_fmt(object, "out_sample_fmt", output.format, 0), "set the output format")
        if resamples {
            unsafe try setOption("resampler", "soxr", on: object)
            unsafe try setOption("precision", Self.resamplerPrecision, on: object)
        }
        // The standard matrix (ITU-R BS.775: centre and surrounds at −3 dB) scaled so that full scale on every channel
        // cannot exceed full scale; floating point would otherwise go over and clip in the player.
        if downmixes { unsafe try setOption("rematrix_maxval", "1.0", on: object) }
    }

    /// Converts all of `frame` into `scratch`, which grows as needed.
    ///
    /// - Returns: samples per channel written; 0 while the resampler fills up.
    /// - Throws: `library`.
    func convert(_ frame: borrowing Frame, into scratch: borrowing Frame) throws(MediaFailure) -> Int {
        let count = Int32(frame.sampleCount)
        let bound = try check(unsafe swr_get_out_samples(pointer, count), "size the converted samples")
        if scratch.sampleCount < Int(bound) {
            try scratch.allocate(output, capacity: min(max(Int(bound) * 2, 8192), Int(Int32.max)))
        }
        let status = unsafe scratch.withPointer { target in
            unsafe frame.withPointer { source in
                unsafe swr_convert(
                    pointer, target.pointee.extended_data, target.pointee.nb_samples,
                    UnsafeMutableRawPointer(source.pointee.extended_data)
                        .assumingMemoryBound(to: UnsafePointer<UInt8>?.self), count)
            }
        }
        return Int(try check(status, "convert the samples"))
    }
}
