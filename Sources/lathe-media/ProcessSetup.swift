import Dispatch
import Glibc
import MediaSandbox
import SystemPackage

/// The descriptor is a Unix socket.
func isUnixSocket(_ descriptor: FileDescriptor) -> Bool {
    var domain: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    return unsafe getsockopt(descriptor.rawValue, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX
}

/// Makes signals mean what they should to a process that serves another.
func settleSignals() {
    // Die of a crash at once and by its own signal. Swift's runtime would catch it and start a program that prints a
    // backtrace, which is nothing to do in a process that a hostile file may just have broken.
    for signal in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGTRAP] { _ = Glibc.signal(signal, SIG_DFL) }
    // A service manager that stops lathe signals every process in its group. lathe then finishes its running jobs,
    // for which it needs this process; when lathe is gone, so is this process.
    for signal in [SIGHUP, SIGINT, SIGTERM] { _ = Glibc.signal(signal, SIG_IGN) }
}

/// Ends the process as soon as lathe closes the socket or dies, even if a decoder never returns.
///
/// PR_SET_PDEATHSIG would not do: it fires when the thread that started the process ends, not the process of it.
func exitWhenHungUp(_ channel: Channel) {
    DispatchQueue(label: "hang-up").async {
        channel.waitUntilHungUp()
        // No exit handlers: the main thread is in the middle of its work.
        _exit(EX_OK)
    }
}

/// Writes one line on standard error.
func complain(_ line: String) {
    _ = try? FileDescriptor.standardError.writeAll("\(line)\n".utf8)
}
