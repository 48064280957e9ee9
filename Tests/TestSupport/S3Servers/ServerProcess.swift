import Foundation
import Subprocess
import SystemPackage

/// A server program that lives no longer than the test process, however that ends: `setpriv --pdeathsig KILL` asks the
/// kernel for that.
///
/// Never Foundation's Process: it learns of an exit by a socket that programs started at the same moment inherit, and
/// then waits for those as well.
final class ServerProcess: Sendable {
    private let identifier: Int32
    private let run: Task<Void, Never>

    /// - Throws: When `setpriv` or the program cannot be started.
    init(_ program: String, _ arguments: [String], environment: [String: String], log: URL) async throws {
        let output = try FileDescriptor.open(
            FilePath(log.path), .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        let (identifiers, started) = AsyncThrowingStream<Int32, any Error>.makeStream()
        run = Task {
            do {
                _ = try await Subprocess.run(
                    .path("/usr/bin/setpriv"), arguments: Arguments(["--pdeathsig", "KILL", program] + arguments),
                    environment: .inheriting(environment), input: .none,
                    output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                    error: .fileDescriptor(output, closeAfterSpawningProcess: true)
                ) { execution in
                    started.yield(execution.processIdentifier.value)
                }
            } catch {
                started.finish(throwing: error)
            }
        }
        for try await identifier in identifiers {
            self.identifier = identifier
            return
        }
        throw CancellationError()
    }

    /// Kills the program as a crash would, and returns when it is gone.
    func kill() async {
        _ = Foundation.kill(identifier, SIGKILL)
        await run.value
    }

    /// Stops the program where it stands, connections open, until `resume`.
    func pause() {
        _ = Foundation.kill(identifier, SIGSTOP)
    }

    func resume() {
        _ = Foundation.kill(identifier, SIGCONT)
    }
}
