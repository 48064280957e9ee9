import Audio
import MediaContract
import SystemPackage
import Testing

/// The module under test, on paths.
enum Engine {
    static func inspect(_ path: String) throws -> AudioInspection {
        try withInput(path) { try AudioInspector.inspect($0) }
    }

    @discardableResult
    static func transcode(
        _ input: String, to output: String, tags: TrackTags = TrackTags(), cover: String? = nil, threads: Int = 1,
        analyzes: Bool = false
    ) throws -> TranscodeReport {
        try withInput(input) { source in
            try withOutput(output) { target in
                guard let cover else { return try transcode(source, target, tags, nil, threads, analyzes) }
                return try withInput(cover) { try transcode(source, target, tags, $0, threads, analyzes) }
            }
        }
    }

    private static func transcode(
        _ input: FileDescriptor, _ output: FileDescriptor, _ tags: TrackTags, _ cover: FileDescriptor?,
        _ threads: Int, _ analyzes: Bool
    ) throws -> TranscodeReport {
        try Transcoder.transcode(
            input: input, output: output, profile: .mp3At320, tags: tags, cover: cover, threads: threads,
            analyzes: analyzes,
            progress: { _ in },
            isCancelled: { false })
    }
}

/// Runs `body`, which must fail with `MediaFailure`, and gives the failure.
func requireFailure<Result>(_ body: () throws -> Result) throws -> MediaFailure {
    try #require(throws: MediaFailure.self) { _ = try body() }
}
