import CFFmpeg
import MediaContract

/// One block of decoded samples, or one picture; owns an `AVFrame`.
@safe
struct Frame: ~Copyable {
    private let pointer: UnsafeMutablePointer<AVFrame>

    /// - Throws: `library` when memory runs out.
    init() throws(MediaFailure) {
        guard let frame = unsafe av_frame_alloc() else { throw .library("allocate a frame") }
        unsafe pointer = frame
    }

    /// A second owner of the same samples.
    ///
    /// - Throws: `library` when memory runs out.
    init(sharing other: borrowing Frame) throws(MediaFailure) {
        guard let frame = unsafe av_frame_clone(other.pointer) else { throw .library("allocate a frame") }
        unsafe pointer = frame
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = unsafe pointer
        unsafe av_frame_free(&frame)
    }

    /// Samples per channel.
    var sampleCount: Int {
        get { Int(unsafe pointer.pointee.nb_samples) }
        nonmutating set { unsafe pointer.pointee.nb_samples = Int32(newValue) }
    }

    /// Bytes of all channels' samples.
    var byteCount: Int {
        let frame = unsafe pointer.pointee
        return max(
            0,
            Int(
                unsafe av_samples_get_buffer_size(
                    nil, frame.ch_layout.nb_channels, frame.nb_samples, AVSampleFormat(frame.format), 1)))
    }

    /// Rate, layout and sample format of the samples.
    var shape: SampleShape {
        unsafe SampleShape(
            sampleRate: Int(pointer.pointee.sample_rate), layout: ChannelLayout(copying: &pointer.pointee.ch_layout),
            format: AVSampleFormat(pointer.pointee.format))
    }

    /// The same shape as an earlier frame's, without building a value.
    func hasShape(_ shape: SampleShape) -> Bool {
        unsafe Int(pointer.pointee.sample_rate) == shape.sampleRate
            && pointer.pointee.format == shape.format.rawValue
            && shape.layout.matches(&pointer.pointee.ch_layout)
    }

    /// Width and height of a picture in pixels.
    var pictureSize: (width: Int, height: Int) {
        unsafe (Int(pointer.pointee.width), Int(pointer.pointee.height))
    }

    func clear() {
        unsafe av_frame_unref(pointer)
    }

    /// The pointer, for the call that reads or fills the frame; it must not be kept.
    func withPointer<Result>(_ body: (UnsafeMutablePointer<AVFrame>) -> Result) -> Result {
        unsafe body(pointer)
    }
}
