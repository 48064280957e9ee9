import MediaContract
import SystemPackage

/// The parent's half of one request: hears what confines the process, asks, passes progress on, and keeps the time
/// limits.
///
/// It blocks the thread it runs on, and trusts nothing that it reads.
struct Conversation: Sendable {
    /// How it ended.
    enum Ending: Sendable {
        /// With an answer that is not ``MediaAnswer/progress(_:)`` and fits the request.
        case answered(MediaAnswer)
        /// The process closed its end, by dying as a rule, before it had answered.
        case hungUp
        /// The same before it could have seen anything of the request.
        case neverAsked
        /// A limit was reached, named as in "made no progress for 120 s".
        case limitReached(String)
        /// The process said something that it may not; says what.
        case unreadable(String)
        /// The socket failed here.
        case failed(Errno)
    }

    let channel: Channel
    let request: MediaRequest
    let descriptors: [FileDescriptor]
    let limits: MediaSandbox.Limits
    let hello: @Sendable (ConfinementReport) -> Void
    let progress: (@Sendable (Double) -> Void)?

    func run() -> Ending {
        do throws(ChannelError) {
            return try converse()
        } catch {
            switch error {
            case .closed: return .hungUp
            case .timedOut: return .limitReached("did not start or take the request")
            case .unreadable(let what): return .unreadable(what)
            case .system(let errno): return .failed(errno)
            }
        }
    }

    private func converse() throws(ChannelError) -> Ending {
        let clock = SuspendingClock()
        let end = clock.now.advanced(by: limits.total)
        var patience = clock.now.advanced(by: limits.withoutProgress)
        var done = -Double.infinity
        switch try channel.receiveAnswer(deadline: min(end, patience)) {
        case nil: return .neverAsked
        case .hello(let report)? where report.isPlausible: hello(report)
        default: return .unreadable("no word of what confines it: install lathe and lathe-media from the same version")
        }
        do throws(ChannelError) {
            try channel.send(request, descriptors: descriptors, deadline: min(end, patience))
        } catch .closed {
            return .neverAsked
        }
        while true {
            // Asked before every frame, not only in a wait: frames that never stop coming must not hold it off.
            if clock.now >= end { return .limitReached("was still busy after \(limits.total)") }
            if clock.now >= patience { return .limitReached("made no progress for \(limits.withoutProgress)") }
            let next: MediaAnswer?
            do throws(ChannelError) {
                next = try channel.receiveAnswer(deadline: min(end, patience))
            } catch .timedOut {
                continue
            }
            guard let answer = next else { return .hungUp }
            guard case .progress(let fraction) = answer else {
                return answer.isPlausible(for: request) ? .answered(answer) : .unreadable("an impossible answer")
            }
            guard (0...1).contains(fraction) else { return .unreadable("a progress of \(fraction)") }
            if fraction > done {
                done = fraction
                patience = clock.now.advanced(by: limits.withoutProgress)
                progress?(fraction)
            }
        }
    }
}
