import Dispatch
import MediaContract
import Subprocess
import SystemPackage

/// One `lathe-media` process, for one request.
struct MediaChild: Sendable {
    let executable: FilePath
    let limits: MediaSandbox.Limits
    let hello: @Sendable (_ processIdentifier: Int32, ConfinementReport) -> Void

    /// Starts the process, has it do what is handed over, now or later, and returns when it is gone. Cancelling the
    /// task kills it.
    ///
    /// - Returns: nil where nothing was handed over before the process was retired or died.
    /// - Throws: `.processNotStarted`; everything later is told by the result.
    func serve(_ handover: Handover) async throws(MediaFailure) -> ChildEnd? {
        let channel: Channel
        let peer: FileDescriptor
        do throws(Errno) {
            (channel, peer) = try Channel.pair()
        } catch {
            throw notStarted(error)
        }
        do {
            let result = try await run(
                .path(executable), arguments: Arguments(limits.resources.arguments), environment: .custom([:]),
                platformOptions: Self.options, input: .fileDescriptor(peer, closeAfterSpawningProcess: true),
                output: .discarded, error: .sequence
            ) { process in
                async let lastWords = {
                    let words = await LastWords.read(process.standardError)
                    // Nobody is left to do it.
                    handover.retire()
                    return words
                }()
                var ending: Conversation.Ending?
                if let assignment = await handover.assignment() {
                    let conversation = conversation(on: channel, process.processIdentifier.value, assignment)
                    ending = await Self.onThreadOfItsOwn { conversation.run() }
                }
                // The process ends by itself when nobody listens any more.
                channel.hangUp()
                await process.teardown(using: ending?.leavesTimeToExit ?? true ? Self.patient : Self.immediate)
                return (ending, await lastWords)
            }
            let (ending, lastWords) = result.closureResult
            return ending.map {
                ChildEnd(ending: $0, status: result.terminationStatus, lastWords: lastWords)
            }
        } catch {
            throw notStarted(error)
        }
    }

    private func conversation(
        on channel: Channel, _ processIdentifier: Int32, _ assignment: Assignment
    ) -> Conversation {
        Conversation(
            channel: channel, request: assignment.request, descriptors: assignment.descriptors, limits: limits,
            hello: { [hello] in hello(processIdentifier, $0) }, progress: assignment.progress)
    }

    /// A process group of its own: Ctrl-C in the terminal reaches `lathe` alone, which decides what becomes of its
    /// running jobs, and a kill reaches whatever the process may have started.
    private static var options: PlatformOptions {
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = immediate
        return options
    }

    private static let immediate: [TeardownStep] = [
        .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)
    ]

    /// A second to exit, then SIGKILL. SIGCONT does nothing to a running process and lets a stopped one see its end.
    private static let patient: [TeardownStep] = [
        .send(signal: .resume, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
    ]

    /// Runs blocking work off the cooperative pool, whose few threads must compute.
    ///
    /// A serial queue of one's own takes a thread from Dispatch's overcommitting pool, which adds one for each queue
    /// that blocks (up to 255; more conversations than that would wait for their turn). A thread is small beside the
    /// process it talks to, and keeps time limits and partial reads in straight lines of code.
    private static func onThreadOfItsOwn<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "lathe-media conversation").async { continuation.resume(returning: work()) }
        }
    }

    private func notStarted(_ error: any Error) -> MediaFailure {
        MediaFailure(.processNotStarted, "\(executable) cannot be started: \(error)")
    }
}

extension Conversation.Ending {
    /// The process is believed to be on its way out, and its exit status may tell why.
    fileprivate var leavesTimeToExit: Bool {
        switch self {
        case .answered, .hungUp, .neverAsked: true
        case .limitReached, .unreadable, .failed: false
        }
    }
}
