import CFFmpeg
package import MediaContract
package import SystemPackage

/// Finds out what a picture file is by decoding it.
package enum ImageInspector {
    /// Pixels above which a picture is refused before it is decoded: 100 megapixels, ten thousand squared.
    static let maximumPixels = 100_000_000
    /// The longest side JPEG can declare (ITU-T T.81 B.2.2); PNG and WebP are held to the same.
    private static let maximumSide = 65_535

    /// Bytes above which a file is refused before it is read.
    static let maximumFileSize: Int64 = 64 * 1024 * 1024

    /// Decodes all of `input`, a JPEG, PNG or WebP file.
    ///
    /// - Throws: `emptyFile`; `unsupportedFormat` when it is none of the three, larger than 100 megapixels or 64 MiB,
    ///   or animated WebP; `corrupt` when it is damaged or ends early; `inputOutput`, `library`.
    package static func inspect(_ input: FileDescriptor) throws(MediaFailure) -> ImageInspection {
        _ = LogCapture.install
        let file = try FileStream(input)
        guard file.size > 0 else { throw MediaFailure(.emptyFile, "the file is empty (0 bytes)") }
        let head = try input.bytes(at: 0, count: 16)
        guard let format = ImageInspection.Format(magic: head) else {
            throw MediaFailure(.unsupportedFormat, "the file is no JPEG, PNG or WebP image")
        }
        guard file.size <= maximumFileSize else {
            throw MediaFailure(
                .unsupportedFormat, "the \(format.name) image is larger than \(maximumFileSize >> 20) MiB")
        }
        let bytes = try input.bytes(at: 0, count: Int(file.size))
        guard let size = ImageHeader.size(of: bytes, format) else {
            throw MediaFailure(.corrupt, "the \(format.name) image is damaged: its header states no size")
        }
        guard max(size.width, size.height) <= maximumSide else {
            throw MediaFailure(
                .unsupportedFormat,
                "the image is \(size.width) × \(size.height) pixels; \(maximumSide) a side are accepted")
        }
        guard size.width * size.height <= maximumPixels else {
            throw MediaFailure(
                .unsupportedFormat,
                "the image has \(size.width) × \(size.height) pixels; at most \(maximumPixels / 1_000_000) megapixels "
                    + "are accepted")
        }
        let decoded = try ImageDecoder.decode(bytes, format)
        return ImageInspection(format: format, width: decoded.width, height: decoded.height)
    }
}

/// Decodes one picture; owns an `AVCodecContext`.
@safe
private struct ImageDecoder: ~Copyable {
    private let pointer: UnsafeMutablePointer<AVCodecContext>

    static func decode(
        _ bytes: [UInt8], _ format: ImageInspection.Format
    ) throws(MediaFailure) -> (width: Int, height: Int) {
        LogCapture.reset()
        return try ImageDecoder(format).decode(bytes, format)
    }

    private init(_ format: ImageInspection.Format) throws(MediaFailure) {
        let id =
            switch format {
            case .jpeg: AV_CODEC_ID_MJPEG
            case .png: AV_CODEC_ID_PNG
            case .webp: AV_CODEC_ID_WEBP
            }
        guard let codec = unsafe avcodec_find_decoder(id) else {
            throw MediaFailure(.library, "this FFmpeg cannot decode \(format.name)")
        }
        let decoder = try unsafe ImageDecoder(allocating: codec)
        try unsafe decoder.open(codec)
        self = decoder
    }

    /// Only holds the context, so that whatever fails afterwards frees it.
    private init(allocating codec: UnsafePointer<AVCodec>) throws(MediaFailure) {
        guard let context = unsafe avcodec_alloc_context3(codec) else { throw .library("allocate a codec") }
        unsafe pointer = context
    }

    private func open(_ codec: UnsafePointer<AVCodec>) throws(MediaFailure) {
        unsafe pointer.pointee.thread_count = 1
        unsafe pointer.pointee.max_pixels = Int64(ImageInspector.maximumPixels)
        unsafe pointer.pointee.err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE
        try check(unsafe avcodec_open2(pointer, codec, nil), "open the image decoder")
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = unsafe pointer
        unsafe avcodec_free_context(&context)
    }

    private func decode(
        _ bytes: [UInt8], _ format: ImageInspection.Format
    ) throws(MediaFailure) -> (width: Int, height: Int) {
        let packet = try Packet()
        try packet.fill(with: bytes)
        let frame = try Frame()
        var status = unsafe AVStatus(packet.withPointer { unsafe avcodec_send_packet(pointer, $0) })
        if !status.isError {
            unsafe avcodec_send_packet(pointer, nil)
            status = unsafe AVStatus(frame.withPointer { unsafe avcodec_receive_frame(pointer, $0) })
        }
        guard !status.isError else {
            if status == .outOfMemory { throw .library("decode the image", status) }
            let detail = LogCapture.takeLastError() ?? status.text
            throw MediaFailure(.corrupt, "the \(format.name) image is damaged or ends early: \(detail)")
        }
        return frame.pictureSize
    }
}
