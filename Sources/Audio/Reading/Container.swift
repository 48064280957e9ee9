/// The file formats that are accepted, each with the demuxer that reads it and the decoders it may use.
enum Container: Sendable, Hashable {
    /// RIFF, RF64 or BW64.
    case wav
    /// Sony Wave64.
    case wave64
    case aiff
    case flac
    case mp4
    case mp3
    case ogg

    /// FFmpeg's demuxer. It is forced, so that no other one ever sees the bytes.
    var demuxer: String {
        switch self {
        case .wav: "wav"
        case .wave64: "w64"
        case .aiff: "aiff"
        case .flac: "flac"
        case .mp4: "mov"
        case .mp3: "mp3"
        case .ogg: "ogg"
        }
    }

    /// FFmpeg's decoders that may run on the file.
    var decoders: [String] {
        switch self {
        case .wav, .wave64:
            ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"]
        case .aiff:
            [
                "pcm_s8", "pcm_u8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "pcm_s16le",
                "pcm_s24le", "pcm_s32le",
            ]
        case .flac: ["flac"]
        case .mp4: ["aac", "alac"]
        case .mp3: ["mp3float", "mp3"]
        case .ogg: ["vorbis", "opus", "flac"]
        }
    }

    /// Holds plain samples, one after the other.
    var isPCM: Bool {
        switch self {
        case .wav, .wave64, .aiff: true
        case .flac, .mp4, .mp3, .ogg: false
        }
    }

    /// What operators call it.
    var name: String {
        switch self {
        case .wav: "WAV"
        case .wave64: "Wave64"
        case .aiff: "AIFF"
        case .flac: "FLAC"
        case .mp4: "M4A"
        case .mp3: "MP3"
        case .ogg: "Ogg"
        }
    }

    /// `AudioFormat.container` for a stream of `codec` in this container.
    func fileExtension(codec: String) -> String {
        switch self {
        case .wav, .wave64: "wav"
        case .aiff: "aiff"
        case .flac: "flac"
        case .mp4: "m4a"
        case .mp3: "mp3"
        case .ogg: codec == "opus" ? "opus" : "ogg"
        }
    }
}
