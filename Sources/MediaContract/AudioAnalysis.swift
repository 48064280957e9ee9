/// What a track sounds and measures like, found out in one pass over its decoded samples at their own rate.
package struct AudioAnalysis: Sendable, Hashable, Codable {
    package var loudness: LoudnessMeasurement
    /// One entry a channel, in the file's order.
    package var channels: [ChannelLevels]
    /// The first two channels against each other; nil for mono.
    package var stereo: ChannelRelation?
    package var clipping: ClippingMeasurement
    package var silence: SilenceMeasurement
    package var nonFinite: NonFiniteMeasurement
    /// Bits a sample that carry anything, from the top: 16 where 16-bit samples were padded to 24. Of floating point
    /// 16 or 24 where every sample is a multiple of that step; nil otherwise.
    package var effectiveBits: Int?
    /// nil where the audio is too short or too quiet for a spectrum.
    package var spectrum: SpectrumMeasurement?
    /// Minima and maxima for drawing.
    package var waveform: Waveform
    /// The whole of each channel at a glance.
    package var overview: LevelOverview
    /// SHA-256 of the decoded samples in 64 lower-case hexadecimal digits.
    ///
    /// Hashed are the samples of all channels interleaved, little-endian, in the narrowest of these types that the
    /// decoder gives: unsigned 8-bit, signed 16-bit, signed 32-bit (17 to 24 significant bits stand at the top), 32-bit
    /// float, 64-bit float. These are the bytes of `ffmpeg -i FILE -f u8|s16le|s32le|f32le|f64le -`. Two lossless files
    /// of the same depth with the same audio have the same hash, whatever the container; of lossy files it depends on
    /// the decoder's version.
    package var samplesSHA256: String
    /// nil where the audio is too short for one (about 3 s).
    package var fingerprint: AudioFingerprint?

    /// The greatest true peak of all channels in dBTP; nil for digital silence.
    package var truePeak: Double? { channels.compactMap(\.truePeak).max() }

    /// The greatest sample peak of all channels in dBFS; nil for digital silence.
    package var samplePeak: Double? { channels.compactMap(\.samplePeak).max() }

    package init(
        loudness: LoudnessMeasurement, channels: [ChannelLevels], stereo: ChannelRelation?,
        clipping: ClippingMeasurement, silence: SilenceMeasurement, nonFinite: NonFiniteMeasurement,
        effectiveBits: Int?,
        spectrum: SpectrumMeasurement?, waveform: Waveform, overview: LevelOverview, samplesSHA256: String,
        fingerprint: AudioFingerprint?
    ) {
        self.loudness = loudness
        self.channels = channels
        self.stereo = stereo
        self.clipping = clipping
        self.silence = silence
        self.nonFinite = nonFinite
        self.effectiveBits = effectiveBits
        self.spectrum = spectrum
        self.waveform = waveform
        self.overview = overview
        self.samplesSHA256 = samplesSHA256
        self.fingerprint = fingerprint
    }
}

/// A Chromaprint fingerprint as AcoustID takes it.
package struct AudioFingerprint: Sendable, Hashable, Codable {
    /// Compressed and in URL-safe base64, as `fpcalc` prints it.
    package var compressed: String
    /// The numbers that `compressed` holds, one for each 0.124 s.
    package var items: [UInt32]
    /// Chromaprint's number of the algorithm: 1 is TEST2, its default.
    package var algorithm: Int
    /// Seconds from the start that were fingerprinted, at most 120.
    package var duration: Double

    package init(compressed: String, items: [UInt32], algorithm: Int, duration: Double) {
        self.compressed = compressed
        self.items = items
        self.algorithm = algorithm
        self.duration = duration
    }
}
