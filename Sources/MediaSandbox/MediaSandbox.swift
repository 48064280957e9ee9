package import Logging
package import MediaContract
package import SystemPackage

/// Has media files inspected and transcoded by `lathe-media`, a process of its own that gets no environment, no
/// credentials and no descriptor but the files': a file that crashes a decoder costs that process and nothing else.
///
/// Every request gets a fresh process, which is gone, reaped and its descriptors closed before the call returns.
/// Cancelling the task kills the process. Calls may run side by side, each in its own process; how many run at once
/// is the caller's to decide.
///
/// Files go to the process as open descriptors. They stay open, and the caller's, throughout; the process shares
/// their file offsets, so one open file must not serve two requests at a time.
package struct MediaSandbox: Sendable {
    /// How long a request may take.
    package struct Limits: Sendable, Hashable {
        /// Longest time without progress. An inspection reports none, so this bounds all of it.
        package var withoutProgress: Duration
        /// Longest time in all.
        package var total: Duration

        /// The defaults are far beyond any honest file: an hour of audio decodes in seconds and encodes in about a
        /// minute on one core.
        package init(withoutProgress: Duration = .seconds(120), total: Duration = .seconds(6 * 3600)) {
            self.withoutProgress = withoutProgress
            self.total = total
        }
    }

    private let executable: FilePath
    private let limits: Limits
    private let logger: Logger

    /// - Parameters:
    ///   - executable: `lathe-media`, as ``locateExecutable(explicit:)`` finds it.
    ///   - limits: Time limits of every request.
    ///   - logger: Gets what the processes wrote on standard error, at debug level.
    package init(executable: FilePath, limits: Limits = Limits(), logger: Logger) {
        self.executable = executable
        self.limits = limits
        self.logger = logger
    }

    /// Decodes all of an audio file and says what it is.
    ///
    /// - Parameter file: Open for reading.
    /// - Throws: `MediaFailure` of the kinds that say what is wrong with the file; `.cancelled`, `.processDied` or
    ///   `.processNotStarted`, which say nothing about it.
    package func inspectAudio(_ file: FileDescriptor) async throws(MediaFailure) -> AudioInspection {
        guard case .audio(let inspection) = try await answer(to: .inspectAudio, with: [file]) else {
            throw Self.unanswered
        }
        return inspection
    }

    /// Decodes all of an audio file once, says what it is and measures it.
    ///
    /// - Parameters:
    ///   - file: Open for reading.
    ///   - progress: as of ``transcode(_:to:profile:tags:cover:threads:progress:)``.
    /// - Throws: as ``inspectAudio(_:)``.
    package func analyzeAudio(
        _ file: FileDescriptor, progress: (@Sendable (Double) -> Void)? = nil
    ) async throws(MediaFailure) -> (inspection: AudioInspection, analysis: AudioAnalysis) {
        guard
            case .analyzed(let inspection, let analysis) = try await answer(
                to: .analyzeAudio, with: [file], progress: progress)
        else { throw Self.unanswered }
        return (inspection, analysis)
    }

    /// Decodes a picture and says what it is.
    ///
    /// - Parameter file: Open for reading.
    /// - Throws: as ``inspectAudio(_:)``.
    package func inspectImage(_ file: FileDescriptor) async throws(MediaFailure) -> ImageInspection {
        guard case .image(let inspection) = try await answer(to: .inspectImage, with: [file]) else {
            throw Self.unanswered
        }
        return inspection
    }

    /// Cuts a rendition of a master. What the output holds after a failure is undefined.
    ///
    /// - Parameters:
    ///   - input: The master, open for reading.
    ///   - output: An empty regular file, open for reading and writing.
    ///   - profile: How to encode.
    ///   - tags: What to write into the tag.
    ///   - cover: A picture to attach, open for reading.
    ///   - threads: How many threads encode; the MP3 is the same whatever their number.
    ///   - progress: Called with rising fractions, 0 … 1, on a thread that may be blocked for a moment.
    /// - Throws: as ``inspectAudio(_:)``.
    package func transcode(
        _ input: FileDescriptor, to output: FileDescriptor, profile: EncodingProfile, tags: TrackTags,
        cover: FileDescriptor?, threads: Int = 1, analyzes: Bool = false,
        progress: (@Sendable (Double) -> Void)? = nil
    ) async throws(MediaFailure) -> TranscodeReport {
        let request = MediaRequest.transcode(
            profile: profile, tags: tags, hasCover: cover != nil, threads: threads, analyzes: analyzes)
        let files = [input, output] + (cover.map { [$0] } ?? [])
        guard case .transcoded(let report) = try await answer(to: request, with: files, progress: progress) else {
            throw Self.unanswered
        }
        return report
    }

    /// Names and versions of the libraries that do the work.
    ///
    /// - Throws: `.cancelled`, `.processDied` or `.processNotStarted`.
    package func versions() async throws(MediaFailure) -> String {
        guard case .versions(let versions) = try await answer(to: .versions, with: []) else { throw Self.unanswered }
        return versions
    }

    /// ``Conversation`` lets no answer of another kind pass.
    private static let unanswered = MediaFailure(.processDied, "lathe-media answered another question than was asked")

    private func answer(
        to request: MediaRequest, with descriptors: [FileDescriptor], progress: (@Sendable (Double) -> Void)? = nil
    ) async throws(MediaFailure) -> MediaAnswer {
        guard !Task.isCancelled else { throw Self.cancelled(request) }
        let child = MediaChild(executable: executable, limits: limits)
        let end = try await child.answer(request, with: descriptors, progress: progress)
        if !end.lastWords.isEmpty {
            logger.debug(
                "lathe-media wrote on standard error",
                metadata: ["activity": "\(request.activity)", "stderr": "\(end.lastWords)"])
        }
        switch end.ending {
        case .answered(.failure(let failure)): throw failure.withPlainMessage
        case .answered(let answer): return answer
        case .hungUp, .limitReached, .unreadable, .failed:
            throw Task.isCancelled ? Self.cancelled(request) : end.failure(during: request.activity)
        }
    }

    private static func cancelled(_ request: MediaRequest) -> MediaFailure {
        MediaFailure(.cancelled, "cancelled while \(request.activity)")
    }
}
