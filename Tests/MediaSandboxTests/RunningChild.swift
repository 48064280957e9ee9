import Foundation
import Glibc
import SystemPackage

/// A `lathe-media` process at work, found from outside by the file that it holds open.
struct RunningChild: Sendable {
    let processIdentifier: pid_t

    /// The child that was handed `file`, or nil where none has it.
    init?(holding file: FilePath) {
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = pid_t(entry), pid != getpid() else { continue }
            let child = RunningChild(processIdentifier: pid)
            if child.executable.hasSuffix("/lathe-media"), child.openFiles.contains(file.string) {
                self = child
                return
            }
        }
        return nil
    }

    private init(processIdentifier: pid_t) {
        self.processIdentifier = processIdentifier
    }

    private func target(of link: String) -> String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(processIdentifier)/\(link)")) ?? ""
    }

    var executable: String { target(of: "exe") }

    /// What the process has open: paths, `socket:[…]`, `pipe:[…]`, `anon_inode:…`.
    var openFiles: [String] {
        let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processIdentifier)/fd")
        return (descriptors ?? []).map { target(of: "fd/\($0)") }
    }

    var environment: Data? {
        try? Data(contentsOf: URL(filePath: "/proc/\(processIdentifier)/environ"))
    }

    /// It is gone, and its parent has collected its status.
    var isReaped: Bool { kill(processIdentifier, 0) == -1 && errno == ESRCH }

    func signal(_ number: CInt) { kill(processIdentifier, number) }
}
