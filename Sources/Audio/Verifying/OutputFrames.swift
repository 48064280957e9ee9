import MediaContract
import SystemPackage

/// Where the frames of an MP3 of ours lie: an Info frame, then frames of one bit rate up to the end of the file.
struct OutputFrames: Sendable {
    /// What every frame is.
    let header: MPEGAudioHeader
    let tag: MP3InfoTag
    /// Frames of audio.
    private(set) var count = 0
    /// Where the first frame of each window of `SegmentPlan.paddingCycle` frames starts, and where the last one ends.
    private(set) var windows: [Int64]

    /// Walks from header to header.
    ///
    /// - Parameters:
    ///   - start: of the Info frame.
    ///   - size: of the file.
    /// - Throws: `verificationFailed` when there is anything else, `inputOutput`.
    init(of output: FileDescriptor, from start: Int64, size: Int64) throws(MediaFailure) {
        guard let header = MPEGAudioHeader(try output.bytes(at: start, count: 4)),
            let tag = try MP3InfoTag(in: output, at: start)
        else {
            throw MediaFailure(.verificationFailed, "the MP3 begins without an Info tag")
        }
        self.header = header
        self.tag = tag
        var offset = start + Int64(header.frameLength)
        windows = [offset]
        var chunk: [UInt8] = []
        var chunkStart = offset
        while offset < size {
            if offset + 4 > chunkStart + Int64(chunk.count) {
                chunk = try output.bytes(at: offset, count: Self.chunkSize)
                chunkStart = offset
            }
            let rest = chunk[min(chunk.count, Int(offset - chunkStart))...]
            guard let next = MPEGAudioHeader(rest), next.isConsistent(with: header), next.channels == header.channels,
                next.bitRate == header.bitRate, offset + Int64(next.frameLength) <= size
            else {
                throw MediaFailure(.verificationFailed, "the MP3 has no frame at byte \(offset) of \(size)")
            }
            count += 1
            offset += Int64(next.frameLength)
            if count % SegmentPlan.paddingCycle == 0 { windows.append(offset) }
        }
        if windows.last != offset { windows.append(offset) }
    }

    /// Bytes read at a time.
    private static let chunkSize = 256 * 1024
}
