package import MediaContract

/// What `lathe` asks of `lathe-media`. Files travel beside the request as open descriptors, never as paths, in the
/// order given with each case.
package enum MediaRequest: Sendable, Hashable, Codable {
    /// What is this audio file? Descriptors: the file, readable.
    case inspectAudio
    /// What is this audio file, and what does it measure like? Descriptors: the file, readable.
    case analyzeAudio
    /// What is this picture? Descriptors: the file, readable.
    case inspectImage
    /// Cut a rendition. Descriptors: the master, readable; the output, empty, readable, writable and seekable; the
    /// cover, readable, if `hasCover`. `threads` encode; if `analyzes`, the master is measured, too.
    case transcode(profile: EncodingProfile, tags: TrackTags, hasCover: Bool, threads: Int, analyzes: Bool)
    /// Which libraries do the work? No descriptors.
    case versions

    /// How many descriptors travel with the request.
    package var descriptorCount: Int {
        switch self {
        case .inspectAudio, .analyzeAudio, .inspectImage: 1
        case .transcode(_, _, let hasCover, _, _): hasCover ? 3 : 2
        case .versions: 0
        }
    }

    /// What the process is doing meanwhile, as in "was killed while transcoding".
    var activity: String {
        switch self {
        case .inspectAudio: "inspecting audio"
        case .analyzeAudio: "analyzing audio"
        case .inspectImage: "inspecting a picture"
        case .transcode: "transcoding"
        case .versions: "telling its versions"
        }
    }
}
