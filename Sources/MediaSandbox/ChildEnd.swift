import MediaContract
import Subprocess

#if canImport(Glibc)
    import Glibc
#endif

/// How a `lathe-media` process ended.
struct ChildEnd: Sendable {
    var ending: Conversation.Ending
    var status: TerminationStatus
    /// The last line it wrote on standard error, printable, possibly empty.
    var lastWords: String

    /// What happened, for an ending without an answer.
    func failure(during activity: String) -> MediaFailure {
        let story =
            switch ending {
            case .answered: "answered"
            case .hungUp, .neverAsked: death
            case .limitReached(let limit): "\(limit) and was killed"
            case .unreadable(let what): "gave an unreadable answer (\(what)) and was killed"
            case .failed(let errno): "cannot be talked to (\(errno)) and was killed"
            }
        let lastLine = lastWords.isEmpty ? "" : "; its last line was: \(lastWords)"
        return MediaFailure(.processDied, "lathe-media \(story) while \(activity)\(lastLine)")
    }

    private var death: String {
        switch status {
        case .exited(let code): "exited with code \(code) and without an answer"
        case .signaled(let signal): "was killed by \(Self.name(ofSignal: signal))"
        }
    }

    /// The signal's name as operators search for it; signal(7).
    private static func name(ofSignal signal: CInt) -> String {
        switch signal {
        case SIGABRT: "SIGABRT"
        case SIGBUS: "SIGBUS"
        case SIGFPE: "SIGFPE"
        case SIGHUP: "SIGHUP"
        case SIGILL: "SIGILL"
        case SIGINT: "SIGINT"
        case SIGKILL: "SIGKILL (the kernel does so when memory runs out)"
        case SIGPIPE: "SIGPIPE"
        case SIGSEGV: "SIGSEGV"
        case SIGSYS: "SIGSYS (a system call it may not make)"
        case SIGTERM: "SIGTERM"
        case SIGTRAP: "SIGTRAP"
        case SIGXCPU: "SIGXCPU (its limit of processor time)"
        case SIGXFSZ: "SIGXFSZ (its limit of file size)"
        default: "signal \(signal)"
        }
    }
}
