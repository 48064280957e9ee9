package import Logging
package import MediaContract
import Synchronization
package import SystemPackage

/// Has media files inspected and transcoded by `lathe-media`, a process of its own that gets no environment, no
/// credentials and no descriptor but the files': a file that crashes a decoder costs that process and nothing else.
///
/// Every request gets a process of its own, which is gone, reaped and its descriptors closed before the call returns.
/// Cancelling the task kills the process. Calls may run side by side; how many run at once is the caller's to decide.
/// While ``keepWarm(_:)`` runs, processes are started ahead of need, so that a request costs no start-up time.
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

        /// What the kernel holds the process to.
        package var resources: ResourceLimits

        /// The defaults are far beyond any honest file: an hour of audio decodes in seconds and encodes in about a
        /// minute on one core.
        package init(
            withoutProgress: Duration = .seconds(120), total: Duration = .seconds(6 * 3600),
            resources: ResourceLimits = .generous
        ) {
            self.withoutProgress = withoutProgress
            self.total = total
            self.resources = resources
        }
    }

    private let executable: FilePath
    private let limits: Limits
    private let logger: Logger
    private let warmChildren = WarmChildren()

    /// - Parameters:
    ///   - executable: `lathe-media`, as ``locateExecutable(explicit:)`` finds it.
    ///   - limits: Time limits of every request.
    ///   - logger: Gets what confines each process and what it wrote on standard error, at debug level.
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
        let end = try await serve(Assignment(request: request, descriptors: descriptors, progress: progress))
        if !end.lastWords.isEmpty {
            logger.debug(
                "lathe-media wrote on standard error",
                metadata: ["activity": "\(request.activity)", "stderr": "\(end.lastWords)"])
        }
        switch end.ending {
        case .answered(.failure(let failure)): throw failure.withPlainMessage
        case .answered(let answer): return answer
        case .hungUp, .neverAsked, .limitReached, .unreadable, .failed:
            throw Task.isCancelled ? Self.cancelled(request) : end.failure(during: request.activity)
        }
    }

    /// By a process that waits, or else by a new one.
    private func serve(_ assignment: Assignment) async throws(MediaFailure) -> ChildEnd {
        if let end = try await warmChildren.serve(assignment) {
            // One that died while it waited, in the moment before it was seen, has met no file.
            guard case .neverAsked = end.ending, !Task.isCancelled else { return end }
        }
        guard let end = try await child.serve(Handover(assignment)) else { throw Self.unanswered }
        return end
    }

    private var child: MediaChild {
        MediaChild(executable: executable, limits: limits) { [logger] processIdentifier, confinement in
            logger.debug(
                "lathe-media is ready",
                metadata: [
                    "pid": "\(processIdentifier)", "confined-by": "\(confinement.active)",
                    "missing": "\(confinement.missing)",
                ])
        }
    }

    /// Keeps processes started ahead of need until the task is cancelled; then ends those that wait, and returns when
    /// all that it started are gone. Those at work then finish: who asked for it waits for them or cancels.
    ///
    /// - Parameter count: How many wait at a time: as many as requests may come at once.
    package func keepWarm(_ count: Int) async {
        await warmChildren.keep(count, starting: child, logger: logger)
    }

    /// Asks a process which layers confine it, and logs it: what this kernel lacks as a warning.
    ///
    /// - Throws: as ``versions()``.
    package func reportConfinement() async throws(MediaFailure) {
        let found = Mutex<ConfinementReport?>(nil)
        let child = MediaChild(executable: executable, limits: limits) { _, report in found.withLock { $0 = report } }
        let assignment = Assignment(request: .versions, descriptors: [], progress: nil)
        guard let end = try await child.serve(Handover(assignment)) else { throw Self.unanswered }
        guard case .answered(.versions(let versions)) = end.ending, let report = found.withLock({ $0 }) else {
            throw Task.isCancelled ? Self.cancelled(.versions) : end.failure(during: MediaRequest.versions.activity)
        }
        logger.info(
            "lathe-media is confined", metadata: ["layers": "\(report.active)", "libraries": "\(versions.plainLine)"])
        if !report.missing.isEmpty {
            logger.warning(
                "lathe-media lacks layers of its confinement here (see docs/sandbox.md)",
                metadata: ["missing": "\(report.missing)"])
        }
    }

    private static func cancelled(_ request: MediaRequest) -> MediaFailure {
        MediaFailure(.cancelled, "cancelled while \(request.activity)")
    }
}
