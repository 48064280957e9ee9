import MediaContract
import SystemPackage

extension AudioReader {
    /// The container of `input` and where its audio starts.
    ///
    /// - Throws: `emptyFile`, `unsupportedFormat`, `inputOutput`.
    static func identify(_ input: FileDescriptor) throws(MediaFailure) -> (Container, start: Int64) {
        switch try Signature.read(from: input) {
        case .empty: throw MediaFailure(.emptyFile, "the file is empty (0 bytes)")
        case .audio(let container, let offset): return (container, offset)
        case .other(let kind):
            throw MediaFailure(
                .unsupportedFormat,
                "the file is \(kind), not audio; accepted are WAV, AIFF, FLAC, M4A, MP3, Ogg Vorbis, Opus, CAF, "
                    + "WavPack, TTA, Monkey's Audio, DSF and WMA")
        }
    }

    /// What can be known of the length from the bytes alone; nil where the demuxer has to be asked.
    static func claim(
        of input: FileDescriptor, size: Int64, start: Int64, as container: Container, _ isCancelled: () -> Bool
    ) throws(MediaFailure) -> LengthClaim? {
        switch container {
        case .wav, .wave64, .aiff:
            return try ChunkedFile.claim(of: input, size: size, offset: start, as: container)
        case .ogg:
            let pages = try OggPages.read(input, from: start, size: size, isCancelled: isCancelled)
            return LengthClaim(samples: pages.lastGranule, trimsEnd: true)
        case .mp3:
            return try MP3Frames.claim(of: input, size: size, start: start, isCancelled: isCancelled)
        case .mp4:
            guard try !MP4Box.refersToOtherFile(input, start: start, size: size) else {
                throw MediaFailure(
                    .unsupportedFormat, "the M4A says that its audio is in another file; export it as one")
            }
            return nil
        case .caf: return try CoreAudioFile.claim(of: input, size: size, offset: start)
        case .wavpack: return try LengthClaim(wavPack: input, at: start)
        case .trueAudio: return try LengthClaim(trueAudio: input, at: start)
        case .monkeysAudio: return try LengthClaim(monkeysAudio: input, at: start, size: size)
        case .dsf: return try LengthClaim(dsf: input, at: start)
        case .windowsMedia: return try LengthClaim(windowsMedia: input, at: start, size: size)
        case .flac:
            return nil
        }
    }

    /// The claim with what only the demuxer knows.
    static func claim(
        _ early: LengthClaim?, of demuxer: borrowing Demuxer, _ file: FileStream, start: Int64,
        _ stream: StreamDescription, _ streamInfo: FLACStreamInfo?, codec: String
    ) throws(MediaFailure) -> LengthClaim {
        switch codec {
        case "flac":
            return LengthClaim(samples: streamInfo?.totalSamples ?? early?.samples)
        case "opus":
            // Granule positions count the pre-skip (RFC 7845 §4.3), which OpusHead states (§5.1).
            var claim = early ?? LengthClaim()
            let preSkip = stream.extradata.littleEndian(at: 10, length: 2).map { Int64($0) } ?? 0
            claim.samples = claim.samples.map { $0 - preSkip }
            return claim
        case "aac" where early == nil, "alac" where early == nil:
            let edit = try MP4Edit(in: file.descriptor, start: start, size: file.size)
            return LengthClaim(mp4: stream, edit, gaplessComment: demuxer.metadata("iTunSMPB"), codec: codec)
        default:
            return early ?? LengthClaim()
        }
    }
}

extension LengthClaim {
    /// The claim with a warning for every kind of stream beside the chosen one.
    func notingOthers(among streams: [StreamDescription], than chosen: Int32) -> LengthClaim {
        var claim = self
        let others = streams.filter { $0.index != chosen && !$0.isAttachedPicture }
        if others.contains(where: { $0.isAudio }) {
            claim.warnings.append("the file holds several audio streams; the first was taken")
        }
        if others.contains(where: { !$0.isAudio }) {
            claim.warnings.append("the file holds streams that are no audio; they were ignored")
        }
        return claim
    }
}
