import Foundation
import Glibc
import SystemPackage

/// A `lathe-media` process at work, looked at from outside.
///
/// It has made itself unreadable to other processes of its user, so only root sees its files and environment.
struct RunningChild: Sendable {
    let processIdentifier: pid_t

    /// Whether this process may look at ``openFiles`` and ``environment``.
    static var isOpenToUs: Bool { geteuid() == 0 }

    private func target(of link: String) -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(processIdentifier)/\(link)")) ?? ""
    }

    /// What the process has open: paths, `socket:[…]`, `pipe:[…]`, `anon_inode:…`.
    var openFiles: [String] {
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processIdentifier)/fd")
        return (descriptors ?? []).map { target(of: "fd/\($0)") }
    }

    var environment: Data? {
        try? Data(contentsOf: URL(filePath: "/proc/\(processIdentifier)/environ"))
    }

    /// A line of /proc/PID/status, without its name: "NoNewPrivs" → "1".
    func status(_ name: String) -> String? {
        lines(of: "status").first { $0.hasPrefix("\(name):") }?
            .dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
    }

    /// The soft limit of that name in /proc/PID/limits.
    func limit(_ name: String) -> String? {
        lines(of: "limits").first { $0.hasPrefix(name) }?
            .dropFirst(name.count).split(separator: " ").first.map(String.init)
    }

    private func lines(of file: String) -> [String] {
        let text = try? String(contentsOfFile: "/proc/\(processIdentifier)/\(file)", encoding: .utf8)
        return (text ?? "").split(separator: "\n").map(String.init)
    }

    /// It is gone, and its parent has collected its status.
    var isReaped: Bool { kill(processIdentifier, 0) == -1 && errno == ESRCH }

    func signal(_ number: CInt) { kill(processIdentifier, number) }
}
