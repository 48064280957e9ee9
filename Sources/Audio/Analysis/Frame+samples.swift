import CFFmpeg

extension Frame {
    /// Converts samples of one channel to floats of full scale ±1.
    func convert(
        _ channel: Int, of shape: SampleShape, from offset: Int, count: Int, to target: UnsafeMutablePointer<Float>
    ) {
        unsafe withPointer { frame in
            let step = shape.isPlanar ? 1 : shape.channels
            let first = shape.isPlanar ? offset : offset * step + channel
            guard let plane = unsafe frame.pointee.extended_data[shape.isPlanar ? channel : 0] else { return }
            let bytes = UnsafeRawPointer(plane)
            switch av_get_packed_sample_fmt(shape.format) {
            case AV_SAMPLE_FMT_U8:
                let source = unsafe bytes.assumingMemoryBound(to: UInt8.self) + first
                for index in 0..<count {
                    unsafe target[index] = (Float(source[index &* step]) - 128) * 0x1p-7
                }
            case AV_SAMPLE_FMT_S16:
                let source = unsafe bytes.assumingMemoryBound(to: Int16.self) + first
                for index in 0..<count { unsafe target[index] = Float(source[index &* step]) * 0x1p-15 }
            case AV_SAMPLE_FMT_S32:
                let source = unsafe bytes.assumingMemoryBound(to: Int32.self) + first
                for index in 0..<count { unsafe target[index] = Float(source[index &* step]) * 0x1p-31 }
            case AV_SAMPLE_FMT_FLT:
                let source = unsafe bytes.assumingMemoryBound(to: Float.self) + first
                for index in 0..<count { unsafe target[index] = Self.playable(source[index &* step]) }
            default:
                let source = unsafe bytes.assumingMemoryBound(to: Double.self) + first
                for index in 0..<count { unsafe target[index] = Self.playable(Float(source[index &* step])) }
            }
        }
    }

    /// No sample of planar floats is NaN or greater than `limit`; integers never are.
    func isWithin(_ limit: Float, _ shape: SampleShape) -> Bool {
        guard shape.format == AV_SAMPLE_FMT_FLTP else { return true }
        return unsafe withPointer { frame in
            (0..<shape.channels).allSatisfy { channel in
                guard let plane = unsafe frame.pointee.extended_data[channel] else { return true }
                let samples = unsafe UnsafeRawPointer(plane).assumingMemoryBound(to: Float.self)
                var outside = 0
                for index in 0..<Int(unsafe frame.pointee.nb_samples) {
                    // False for NaN, too.
                    outside &+= unsafe abs(samples[index]) <= limit ? 0 : 1
                }
                return outside == 0
            }
        }
    }

    /// NaN becomes 0, and all beyond +96 dBFS that.
    @inline(__always)
    private static func playable(_ sample: Float) -> Float {
        let limit: Float = 65_536
        let bounded = sample > limit ? limit : sample < -limit ? -limit : sample
        return bounded == bounded ? bounded : 0
    }

    /// The samples' bytes, channels interleaved; valid inside `body` only. Planar samples are brought into `scratch`.
    func withInterleavedBytes(_ shape: SampleShape, scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
        let width = shape.bytesPerSample
        let size = sampleCount * shape.channels * width
        unsafe withPointer { frame in
            if !shape.isPlanar || shape.channels == 1 {
                guard let data = unsafe frame.pointee.extended_data[0] else { return }
                unsafe body(UnsafeRawBufferPointer(start: data, count: size))
                return
            }
            if scratch.count < size { scratch = [UInt8](repeating: 0, count: size) }
            unsafe scratch.withUnsafeMutableBytes { target in
                switch width {
                case 1: unsafe interleave(frame, shape.channels, UInt8.self, into: target)
                case 2: unsafe interleave(frame, shape.channels, UInt16.self, into: target)
                case 4: unsafe interleave(frame, shape.channels, UInt32.self, into: target)
                default: unsafe interleave(frame, shape.channels, UInt64.self, into: target)
                }
                unsafe body(UnsafeRawBufferPointer(rebasing: target[..<size]))
            }
        }
    }

    @inline(__always)
    private func interleave<Word: FixedWidthInteger>(
        _ frame: UnsafeMutablePointer<AVFrame>, _ channels: Int, _: Word.Type,
        into target: UnsafeMutableRawBufferPointer
    ) {
        guard let words = unsafe target.baseAddress?.assumingMemoryBound(to: Word.self) else { return }
        for channel in 0..<channels {
            guard let plane = unsafe frame.pointee.extended_data[channel] else { return }
            let source = unsafe UnsafeRawPointer(plane).assumingMemoryBound(to: Word.self)
            for index in 0..<Int(unsafe frame.pointee.nb_samples) {
                unsafe words[index &* channels &+ channel] = source[index]
            }
        }
    }
}
