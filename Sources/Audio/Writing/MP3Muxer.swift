import CFFmpeg
import MediaContract

/// Writes an MP3 file: ID3v2.3 tag with cover, Info tag, frames; owns the `AVFormatContext` and the byte stream.
@safe
struct MP3Muxer: ~Copyable {
    private let pointer: UnsafeMutablePointer<AVFormatContext>
    private let io: IOContext
    private let file: FileStream

    /// Writes the tags and the cover.
    ///
    /// - Throws: `diskFull`, `inputOutput`, `library`.
    init(
        _ file: FileStream, _ encoder: borrowing MP3Encoder, tags: TrackTags, cover: Cover?
    ) throws(MediaFailure) {
        let muxer = try MP3Muxer(allocating: file)
        try muxer.writeHeader(encoder, tags: tags, cover: cover)
        self = muxer
    }

    /// Only holds the context, so that whatever fails afterwards frees it.
    private init(allocating file: FileStream) throws(MediaFailure) {
        let io = try IOContext(file, .writing)
        var context: UnsafeMutablePointer<AVFormatContext>?
        let status = unsafe avformat_alloc_output_context2(&context, nil, "mp3", nil)
        guard let context = unsafe context else { throw .library("allocate the MP3 muxer", AVStatus(status)) }
        unsafe io.lend(to: context)
        unsafe context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT
        unsafe context.pointee.flush_packets = 0
        unsafe pointer = context
        self.io = io
        self.file = file
    }

    private func writeHeader(
        _ encoder: borrowing MP3Encoder, tags: TrackTags, cover: Cover?
    ) throws(MediaFailure) {
        try addAudioStream(encoder)
        if let cover { try addCoverStream(cover) }
        for (key, value) in ID3Text.fields(of: tags) {
            try check(unsafe av_dict_set(&pointer.pointee.metadata, key, value, 0), "set the tag \(key)")
        }
        unsafe try setOption("id3v2_version", "3", on: pointer)
        unsafe try setOption("write_id3v1", "0", on: pointer)
        unsafe try setOption("write_xing", "1", on: pointer)
        try checked(unsafe avformat_write_header(pointer, nil), "write the MP3 header")
        if let cover { try write(cover) }
    }

    deinit {
        unsafe avformat_free_context(pointer)
    }

    private func addAudioStream(_ encoder: borrowing MP3Encoder) throws(MediaFailure) {
        guard let stream = unsafe avformat_new_stream(pointer, nil) else { throw .library("add the audio stream") }
        unsafe try encoder.describe(to: stream.pointee.codecpar)
        unsafe stream.pointee.time_base = AVRational(num: 1, den: stream.pointee.codecpar.pointee.sample_rate)
        // Names LAME in the Info tag's nine-byte encoder field, where the muxer would put itself. Players that honour
        // the gapless fields look for it.
        let encoderName = "LAME" + AudioLibrary.lameVersion
        try check(
            unsafe av_dict_set(&stream.pointee.metadata, "encoder", encoderName, 0), "name the encoder")
    }

    private func addCoverStream(_ cover: Cover) throws(MediaFailure) {
        guard let stream = unsafe avformat_new_stream(pointer, nil), let parameters = unsafe stream.pointee.codecpar
        else { throw .library("add the cover") }
        unsafe parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
        unsafe parameters.pointee.codec_id = cover.format == .png ? AV_CODEC_ID_PNG : AV_CODEC_ID_MJPEG
        unsafe parameters.pointee.width = Int32(cover.width)
        unsafe parameters.pointee.height = Int32(cover.height)
        unsafe stream.pointee.disposition = AV_DISPOSITION_ATTACHED_PIC
        // The muxer's name for APIC picture type 3 (ID3v2.3 §4.15).
        try check(unsafe av_dict_set(&stream.pointee.metadata, "comment", "Cover (front)", 0), "describe the cover")
    }

    private func write(_ cover: Cover) throws(MediaFailure) {
        let packet = try Packet()
        try packet.fill(with: cover.bytes)
        packet.streamIndex = 1
        try write(packet)
    }

    /// Writes an encoded packet; its stream index must be set.
    ///
    /// - Throws: `diskFull`, `inputOutput`, `library`.
    func write(_ packet: borrowing Packet) throws(MediaFailure) {
        unsafe try checked(packet.withPointer { unsafe av_write_frame(pointer, $0) }, "write the MP3")
    }

    /// Goes back to the Info tag and completes it, gapless fields and checksums included.
    ///
    /// - Throws: `diskFull`, `inputOutput`, `library`.
    consuming func finish() throws(MediaFailure) {
        try checked(unsafe av_write_trailer(pointer), "complete the MP3")
        unsafe avio_flush(pointer.pointee.pb)
        if let failure = file.failure { throw failure }
    }

    private func checked(_ code: Int32, _ action: String) throws(MediaFailure) {
        if let failure = file.failure { throw failure }
        try check(code, action)
    }
}
