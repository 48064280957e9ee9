/// What an audio file is, found out by decoding all of it.
package struct AudioInspection: Sendable, Hashable, Codable {
    package var format: AudioFormat
    /// Samples per channel, counted from decoded audio, never taken from a header. Encoder delay and padding that
    /// the file declares (LAME tag, edit list, pre-skip) are not counted.
    package var sampleFrames: Int64
    /// A picture is attached.
    package var hasCoverArt: Bool
    /// Sentences about what is odd but not fatal: a header that lies about the length, more than two channels.
    package var warnings: [String]

    /// Length in seconds: `sampleFrames` ÷ `format.sampleRate`.
    package var duration: Double { Double(sampleFrames) / Double(format.sampleRate) }

    /// Length as `tracks.duration_seconds` holds it: the nearest second, at least 1.
    package var durationSeconds: Int { max(1, Int(duration.rounded())) }

    package init(format: AudioFormat, sampleFrames: Int64, hasCoverArt: Bool = false, warnings: [String] = []) {
        self.format = format
        self.sampleFrames = sampleFrames
        self.hasCoverArt = hasCoverArt
        self.warnings = warnings
    }
}

/// Container, codec and sample layout of one audio stream.
package struct AudioFormat: Sendable, Hashable, Codable {
    /// Container by its usual file name extension, without a dot: wav, aiff, flac, m4a, mp3, ogg,
    /// opus, caf, wv, tta, dsf, wma.
    package var container: String
    /// FFmpeg's codec name: pcm_s24le, flac, alac, aac, mp3, vorbis, opus.
    package var codec: String
    /// Sample frames per second.
    package var sampleRate: Int
    package var channels: Int
    /// FFmpeg's channel layout name: mono, stereo, 5.1(side).
    package var channelLayout: String
    /// Significant bits a sample for lossless codecs; nil where the codec is lossy, and for DSD.
    package var bitsPerSample: Int?
    /// The codec keeps every sample.
    package var isLossless: Bool

    package init(
        container: String, codec: String, sampleRate: Int, channels: Int, channelLayout: String, bitsPerSample: Int?,
        isLossless: Bool
    ) {
        self.container = container
        self.codec = codec
        self.sampleRate = sampleRate
        self.channels = channels
        self.channelLayout = channelLayout
        self.bitsPerSample = bitsPerSample
        self.isLossless = isLossless
    }

    /// MIME type of the container, as it is sent to object storage.
    package var contentType: String {
        switch container {
        case "wav": "audio/wav"
        case "aiff": "audio/aiff"
        case "flac": "audio/flac"
        case "m4a": "audio/mp4"
        case "mp3": "audio/mpeg"
        case "ogg", "opus": "audio/ogg"
        case "caf": "audio/x-caf"
        case "wv": "audio/x-wavpack"
        case "tta": "audio/x-tta"
        case "ape": "audio/x-ape"
        case "dsf": "audio/x-dsf"
        case "wma": "audio/x-ms-wma"
        default: "application/octet-stream"
        }
    }
}
