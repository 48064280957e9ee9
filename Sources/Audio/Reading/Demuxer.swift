import CFFmpeg
import MediaContract
import SystemPackage

/// Takes the packets out of one file; owns the `AVFormatContext` and the byte stream below it.
@safe
struct Demuxer: ~Copyable {
    private let pointer: UnsafeMutablePointer<AVFormatContext>
    private let io: IOContext

    /// Opens `file` as `container` and nothing else. References to other files, which playlists, edit decision lists
    /// and MP4 may hold, are refused.
    ///
    /// - Throws: `corrupt` when the header cannot be read, `inputOutput`, `library`.
    init(_ file: FileStream, as container: Container) throws(MediaFailure) {
        LogCapture.reset()
        let io = try IOContext(file, .reading)
        unsafe pointer = try Self.open(io, file, container)
        self.io = io
    }

    deinit {
        var context: UnsafeMutablePointer<AVFormatContext>? = unsafe pointer
        unsafe avformat_close_input(&context)
    }

    /// A master has one stream, and perhaps covers; a film a dozen.
    private static let maximumStreams: Int32 = 32

    private static func open(
        _ io: borrowing IOContext, _ file: FileStream, _ container: Container
    ) throws(MediaFailure) -> UnsafeMutablePointer<AVFormatContext> {
        var context = unsafe avformat_alloc_context()
        guard let fresh = unsafe context else { throw .library("allocate a demuxer") }
        unsafe io.lend(to: fresh)
        unsafe fresh.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
        unsafe fresh.pointee.error_recognition |= AV_EF_CRCCHECK
        unsafe fresh.pointee.max_streams = maximumStreams
        // No protocol has this name. The file comes through `io`, and nothing else is to be opened by any.
        unsafe fresh.pointee.protocol_whitelist = av_strdup("none")
        unsafe fresh.pointee.io_open = { _, _, _, _, _ in AVStatus(.notPermitted).rawValue }
        unsafe fresh.pointee.format_whitelist = av_strdup(container.demuxer)
        unsafe fresh.pointee.codec_whitelist = av_strdup(container.decoders.joined(separator: ","))
        var options: OpaquePointer?
        // The fine-grained edit list code rounds the end to the movie's time scale (usually milliseconds); without
        // it the start is skipped all the same and packets keep their own exact durations.
        if container == .mp4 { unsafe av_dict_set(&options, "advanced_editlist", "0", 0) }
        let status = unsafe avformat_open_input(&context, nil, av_find_input_format(container.demuxer), &options)
        unsafe av_dict_free(&options)
        guard status >= 0, let opened = unsafe context else {
            throw failure(AVStatus(status), file, "is no readable \(container.name) file")
        }
        let info = unsafe avformat_find_stream_info(opened, nil)
        guard info >= 0 else {
            unsafe avformat_close_input(&context)
            throw failure(AVStatus(info), file, "is no readable \(container.name) file")
        }
        // What a cover's missing decoder logged says nothing about the audio.
        LogCapture.reset()
        return unsafe opened
    }

    /// What an error of libavformat means for the file.
    static func failure(_ status: AVStatus, _ file: FileStream, _ words: String) -> MediaFailure {
        if let failure = file.failure { return failure }
        let line = LogCapture.takeLastError()
        // Some demuxers call that being out of memory.
        if let line, line.contains(LogCapture.streamLimit) {
            return MediaFailure(.unsupportedFormat, "the file holds more than \(maximumStreams) streams")
        }
        let isAboutTheFile = line?.contains(LogCapture.missingExtradata) ?? false
        if status == .outOfMemory, !isAboutTheFile { return .library("read the file", status) }
        return MediaFailure(.corrupt, "the file \(words): \(line ?? status.text)")
    }

    /// The next packet of any stream, in `packet`.
    ///
    /// - Returns: `.endOfFile` at the end, an error code when the bytes make no sense, otherwise success.
    func read(into packet: borrowing Packet) -> AVStatus {
        // libavformat overwrites what the packet still holds without freeing it.
        packet.clear()
        return unsafe AVStatus(packet.withPointer { unsafe av_read_frame(pointer, $0) })
    }

    /// The streams of the file.
    var streams: [StreamDescription] {
        (0..<Int(unsafe pointer.pointee.nb_streams)).compactMap { index in
            guard let stream = unsafe pointer.pointee.streams[index] else { return nil }
            return unsafe StreamDescription(stream)
        }
    }

    /// Only packets of stream `index` are wanted.
    func discardAllBut(_ index: Int32) {
        for other in 0..<Int(unsafe pointer.pointee.nb_streams) where other != Int(index) {
            unsafe pointer.pointee.streams[other]?.pointee.discard = AVDISCARD_ALL
        }
    }

    /// A text field of the file's own metadata.
    func metadata(_ key: String) -> String? {
        guard let entry = unsafe av_dict_get(pointer.pointee.metadata, key, nil, 0),
            let value = unsafe entry.pointee.value
        else { return nil }
        return unsafe String(cString: value)
    }

    /// A decoder for the first audio stream.
    ///
    /// - Throws: `noAudioStream`; as `makeDecoder`.
    func makeAudioDecoder(in container: Container) throws(MediaFailure) -> Decoder {
        guard let stream = streams.first(where: { $0.isAudio }) else {
            throw MediaFailure(.noAudioStream, "the \(container.name) file holds no audio stream")
        }
        return try makeDecoder(for: stream.index, in: container)
    }

    /// A decoder for stream `index`.
    ///
    /// - Throws: `unsupportedFormat` when the codec is not one the container may hold, `library`.
    func makeDecoder(for index: Int32, in container: Container) throws(MediaFailure) -> Decoder {
        guard let stream = unsafe pointer.pointee.streams[Int(index)],
            let parameters = unsafe stream.pointee.codecpar
        else { throw .library("find the audio stream") }
        return try unsafe Decoder(parameters, timeBase: stream.pointee.time_base, container)
    }
}

/// What the demuxer says about one stream.
struct StreamDescription {
    let index: Int32
    let isAudio: Bool
    let isAttachedPicture: Bool
    /// Sample frames per second as far as the header tells; 0 where it does not.
    let sampleRate: Int
    let timeBase: AVRational
    /// In units of `timeBase`; nil when the header does not say.
    let duration: Int64?
    /// Bytes the codec needs before the first packet: STREAMINFO for FLAC, OpusHead for Opus.
    let extradata: [UInt8]

    init(_ stream: UnsafePointer<AVStream>) {
        index = unsafe stream.pointee.index
        isAudio = unsafe stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO
        isAttachedPicture = unsafe stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
        sampleRate = Int(unsafe stream.pointee.codecpar.pointee.sample_rate)
        timeBase = unsafe stream.pointee.time_base
        duration = unsafe stream.pointee.duration == lathe_nopts_value ? nil : stream.pointee.duration
        let size = Int(unsafe stream.pointee.codecpar.pointee.extradata_size)
        extradata = unsafe Array(
            UnsafeBufferPointer(start: stream.pointee.codecpar.pointee.extradata, count: max(0, size)))
    }
}
