import Foundation
import Synchronization

/// A server program that lives no longer than the test process, however that ends.
///
/// `setpriv --pdeathsig KILL` asks the kernel to kill it when the thread that started it ends, so each has a thread
/// of its own that waits for it. A pool's thread would be retired some day and take the server with it.
final class ServerProcess: Sendable {
    private let identifier: Int32
    private let exited: AsyncStream<Void>

    /// - Throws: When `setpriv` or the program cannot be started.
    init(_ program: String, _ arguments: [String], environment: [String: String], log: URL) async throws {
        let (exited, exit) = AsyncStream<Void>.makeStream()
        self.exited = exited
        identifier = try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                do {
                    _ = FileManager.default.createFile(atPath: log.path, contents: nil)
                    let output = try FileHandle(forWritingTo: log)
                    let process = Process()
                    process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
                    process.arguments = ["--pdeathsig", "KILL", program] + arguments
                    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
                    process.standardInput = FileHandle.nullDevice
                    process.standardOutput = output
                    process.standardError = output
                    try process.run()
                    continuation.resume(returning: process.processIdentifier)
                    process.waitUntilExit()
                } catch {
                    continuation.resume(throwing: error)
                }
                exit.finish()
            }
            thread.start()
        }
    }

    /// Kills the program as a crash would, and returns when it is gone.
    func kill() async {
        _ = Foundation.kill(identifier, SIGKILL)
        for await _ in exited {}
    }

    /// Stops the program where it stands, connections open, until `resume`.
    func pause() {
        _ = Foundation.kill(identifier, SIGSTOP)
    }

    func resume() {
        _ = Foundation.kill(identifier, SIGCONT)
    }
}
