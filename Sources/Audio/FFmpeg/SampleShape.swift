import CFFmpeg

/// What a block of samples looks like in memory.
struct SampleShape: Sendable, Hashable {
    /// Sample frames per second.
    var sampleRate: Int
    var layout: ChannelLayout
    var format: AVSampleFormat

    var channels: Int { layout.channels }

    /// Bytes of one sample of one channel.
    var bytesPerSample: Int { Int(av_get_bytes_per_sample(format)) }

    /// Channels lie one after the other rather than interleaved.
    var isPlanar: Bool { av_sample_fmt_is_planar(format) != 0 }
}

/// A channel layout in native order, as a value: `AVChannelLayout` may own memory and is not Sendable.
struct ChannelLayout: Sendable, Hashable {
    /// FFmpeg's bit per speaker (libavutil/channel_layout.h); 0 where the speakers are not known.
    let mask: UInt64
    let channels: Int
    /// Has an LFE channel (AV_CH_LOW_FREQUENCY and _2 of libavutil/channel_layout.h), which the standard matrix leaves
    /// out.
    var hasLowFrequencyEffects: Bool { mask & (0x8 | 1 << 35) != 0 }

    /// More than two channels whose speakers nobody named: `mask` is the usual layout.
    private(set) var isAssumed = false

    static let mono = ChannelLayout(defaultFor: 1)
    static let stereo = ChannelLayout(defaultFor: 2)

    /// The usual layout of so many channels; without speakers where there is none.
    init(defaultFor channels: Int) {
        var layout = unsafe AVChannelLayout()
        unsafe av_channel_layout_default(&layout, Int32(channels))
        mask = unsafe layout.order == AV_CHANNEL_ORDER_NATIVE ? layout.u.mask : 0
        self.channels = channels
        unsafe av_channel_layout_uninit(&layout)
    }

    /// A layout whose speakers the file does not name is taken for the usual one of its channel count, as players do.
    init(copying layout: UnsafePointer<AVChannelLayout>) {
        let count = Int(unsafe layout.pointee.nb_channels)
        if unsafe layout.pointee.order == AV_CHANNEL_ORDER_NATIVE {
            mask = unsafe layout.pointee.u.mask
            channels = count
        } else {
            self = ChannelLayout(defaultFor: count)
            isAssumed = unsafe layout.pointee.order == AV_CHANNEL_ORDER_UNSPEC && count > 2 && mask != 0
        }
    }

    /// FFmpeg's name: mono, stereo, 5.1(side), or "10 channels" where the speakers are not known.
    var name: String {
        unsafe withAVChannelLayout { layout in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
                unsafe buffer.initialize(repeating: 0)
                guard let base = buffer.baseAddress, unsafe av_channel_layout_describe(layout, base, buffer.count) > 0
                else { return "\(channels) channels" }
                return unsafe String(cString: base)
            }
        }
    }

    func matches(_ layout: UnsafePointer<AVChannelLayout>) -> Bool {
        guard unsafe layout.pointee.order == AV_CHANNEL_ORDER_NATIVE else {
            return Int(unsafe layout.pointee.nb_channels) == channels
        }
        return unsafe layout.pointee.u.mask == mask
    }

    /// The layout in FFmpeg's form, valid inside `body` only.
    func withAVChannelLayout<Result>(_ body: (UnsafePointer<AVChannelLayout>) -> Result) -> Result {
        var layout = unsafe AVChannelLayout()
        if mask != 0 {
            unsafe av_channel_layout_from_mask(&layout, mask)
        } else {
            unsafe layout.order = AV_CHANNEL_ORDER_UNSPEC
            unsafe layout.nb_channels = Int32(channels)
        }
        defer { unsafe av_channel_layout_uninit(&layout) }
        return unsafe body(&layout)
    }
}
