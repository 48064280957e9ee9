package import MediaContract

/// What `lathe-media` tells `lathe`: `hello`, any number of `progress`, then exactly one of the others.
package enum MediaAnswer: Sendable, Hashable, Codable {
    /// What confines the process. It says so unasked, as soon as it is ready.
    case hello(ConfinementReport)
    /// Fraction of the work that is done, 0 … 1, never less than before.
    case progress(Double)
    /// Answers ``MediaRequest/inspectAudio``.
    case audio(AudioInspection)
    /// Answers ``MediaRequest/analyzeAudio``.
    case analyzed(AudioInspection, AudioAnalysis)
    /// Answers ``MediaRequest/inspectImage``.
    case image(ImageInspection)
    /// Answers ``MediaRequest/transcode(profile:tags:hasCover:)``.
    case transcoded(TranscodeReport)
    /// Answers ``MediaRequest/versions``.
    case versions(String)
    /// Answers any request that could not be fulfilled.
    case failure(MediaFailure)
}
