/// A document that a limit comes from, and what it says in its place. docs/analysis.md has their addresses.
package struct Source: Sendable, Hashable, Codable {
    /// Publisher and title.
    package var document: String
    /// Section or heading within the document; nil where it has none.
    package var section: String?
    /// What it says there, in a few words.
    package var statement: String

    package init(_ document: String, section: String? = nil, _ statement: String) {
        self.document = document
        self.section = section
        self.statement = statement
    }

    /// A limit that nobody publishes, and the reason for this one.
    static func house(_ reason: String) -> Source { Source("no published limit", reason) }

    static let spotifyPeak = Source(
        "Spotify for Artists, Loudness normalization", section: "Mastering tips", "keep it below -1 dB TP max")
    static let spotifyLevels = Source(
        "Spotify for Artists, Loudness normalization", section: "How we adjust loudness",
        "listeners choose Loud, -11 LUFS, Normal, -14 LUFS, or Quiet, -19 LUFS")
    static let spotifyRate = Source(
        "Spotify for Artists, Audio file formats", "sample rate of 44.1 kHz or higher; below is not offered as lossless"
    )
    static let spotifyDepth = Source(
        "Spotify for Artists, Audio file formats", "bit depth of 16 bit or higher; below is not offered as lossless")
    static let spotifyChannels = Source("Spotify for Artists, Audio file formats", "stereo, 2 channels")
    static let spotifyFormats = Source("Spotify for Artists, Audio file formats", "FLAC is preferred, WAV is accepted")
    static let ebuPeak = Source(
        "EBU R 128", "the maximum permitted true peak level of a programme in production is -1 dBTP")
    static let aesPeak = Source(
        "AES TD1008", section: "4 Recommendations",
        "the maximum true peak level should not exceed -1 dBTP at the input of a lossy codec")
    static let ituPeak = Source(
        "ITU-R BS.1770-4", section: "Annex 2",
        "true peaks above full scale may clip in converters and in sample-rate conversion")
    static let netflixClipping = Source(
        "Netflix Partner Help Center, AudioClippingInspector",
        "10 or more unique segments of sequential equal samples at the greatest level")
    static let ebuSilence = Source(
        "EBU QC 0078B, Audio Silence",
        "no channel may stay below a threshold longer than a set time; both are the user's")
    static let distributorSilence = Source(
        "Omziki, Audio files requirements",
        "no more than 10 seconds of silence at the beginning or the end; long pauses inside pass for errors")
    static let distributorSilent = Source(
        "Omziki, Audio files requirements", "silent tracks are not allowed and taken for fraud")
    static let distributorLength = Source(
        "Omziki, Audio files requirements", "a single has to last more than 30 seconds")
    static let quiverMono = Source(
        "Quiver Digital, Dual Mono vs. True Stereo Audio",
        "retailers reject dual mono unless there is no better source")
    static let appleResolution = Source(
        "Apple, Mastered for iTunes", "don't upsample files to a higher resolution than their original format")
    static let bitRateStudy = Source(
        "D'Alessandro and Shi, MP3 Bit Rate Quality Detection through Frequency Spectrum Analysis",
        "where between 16 and 20 kHz a spectrum ends tells the bit rate it was encoded with")
}
