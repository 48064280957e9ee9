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
    /// Apple's Core Audio Format.
    case caf
    case wavpack
    /// TTA1.
    case trueAudio
    case monkeysAudio
    /// Sony's DSD stream file.
    case dsf
    /// Advanced Systems Format.
    case windowsMedia

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
        case .caf: "caf"
        case .wavpack: "wv"
        case .trueAudio: "tta"
        case .monkeysAudio: "ape"
        case .dsf: "dsf"
        case .windowsMedia: "asf"
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
        case .caf:
            [
                "pcm_s8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be", "pcm_s16le", "pcm_s24le",
                "pcm_s32le", "pcm_f32le", "pcm_f64le", "alac", "aac",
            ]
        case .wavpack: ["wavpack"]
        case .trueAudio: ["tta"]
        case .monkeysAudio: ["ape"]
        case .dsf: ["dsd_lsbf_planar", "dsd_msbf_planar"]
        case .windowsMedia: ["wmav1", "wmav2", "wmapro", "wmalossless"]
        }
    }

    /// Holds plain samples, one after the other.
    var isPCM: Bool {
        switch self {
        case .wav, .wave64, .aiff: true
        case .flac, .mp4, .mp3, .ogg, .caf, .wavpack, .trueAudio, .monkeysAudio, .dsf, .windowsMedia: false
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
        case .caf: "CAF"
        case .wavpack: "WavPack"
        case .trueAudio: "TTA"
        case .monkeysAudio: "Monkey's Audio"
        case .dsf: "DSF"
        case .windowsMedia: "Windows Media"
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
        case .caf: "caf"
        case .wavpack: "wv"
        case .trueAudio: "tta"
        case .monkeysAudio: "ape"
        case .dsf: "dsf"
        case .windowsMedia: "wma"
        }
    }
}
