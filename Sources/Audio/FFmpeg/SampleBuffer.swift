import CFFmpeg
import MediaContract

extension Frame {
    /// Gives the frame sample buffers of its own for `capacity` samples per channel of `shape`, filled with silence.
    ///
    /// - Throws: `library` when memory runs out.
    func allocate(_ shape: SampleShape, capacity: Int) throws(MediaFailure) {
        let status = unsafe withPointer { frame -> Int32 in
            unsafe av_frame_unref(frame)
            unsafe frame.pointee.nb_samples = Int32(capacity)
            unsafe frame.pointee.format = shape.format.rawValue
            unsafe frame.pointee.sample_rate = Int32(shape.sampleRate)
            let copied = unsafe shape.layout.withAVChannelLayout {
                unsafe av_channel_layout_copy(&frame.pointee.ch_layout, $0)
            }
            guard copied >= 0 else { return copied }
            let allocated = unsafe av_frame_get_buffer(frame, 0)
            guard allocated >= 0 else { return allocated }
            return unsafe av_samples_set_silence(
                frame.pointee.extended_data, 0, Int32(capacity), Int32(shape.channels), shape.format)
        }
        try check(status, "allocate a sample buffer")
    }
}

/// Samples in the order they came, read at any place; owns an `AVAudioFifo`.
///
/// `@unchecked Sendable`: reading leaves the queue as it is, and nobody appends once it is shared.
@safe
struct SampleQueue: ~Copyable, @unchecked Sendable {
    private let pointer: OpaquePointer

    /// - Parameter capacity: samples per channel that fit without growing.
    /// - Throws: `library` when memory runs out.
    init(_ shape: SampleShape, capacity: Int) throws(MediaFailure) {
        guard let fifo = unsafe av_audio_fifo_alloc(shape.format, Int32(shape.channels), Int32(capacity)) else {
            throw .library("allocate a sample queue")
        }
        unsafe pointer = fifo
    }

    deinit {
        unsafe av_audio_fifo_free(pointer)
    }

    /// Samples per channel.
    var count: Int { Int(unsafe av_audio_fifo_size(pointer)) }

    /// Appends the first `count` samples of `frame`.
    ///
    /// - Throws: `library` when memory runs out.
    func append(_ frame: borrowing Frame, count: Int) throws(MediaFailure) {
        let status = unsafe frame.withPointer {
            unsafe av_audio_fifo_write(pointer, planes($0), Int32(count))
        }
        try check(status, "queue samples")
    }

    /// Copies `count` samples from `offset` on to the start of `frame`, which has room for them, and sets its sample
    /// count.
    ///
    /// - Throws: `library` when memory runs out.
    func copy(from offset: Int, count: Int, into frame: borrowing Frame) throws(MediaFailure) {
        let status = unsafe frame.withPointer { frame -> Int32 in
            // The encoder may still hold the buffers of the last round.
            let writable = unsafe av_frame_make_writable(frame)
            return writable < 0
                ? writable : unsafe av_audio_fifo_peek_at(pointer, planes(frame), Int32(count), Int32(offset))
        }
        frame.sampleCount = Int(try check(status, "copy samples from the queue"))
    }

    private func planes(_ frame: UnsafeMutablePointer<AVFrame>) -> UnsafeMutablePointer<UnsafeMutableRawPointer?> {
        unsafe UnsafeMutableRawPointer(frame.pointee.extended_data)
            .assumingMemoryBound(to: UnsafeMutableRawPointer?.self)
    }
}
