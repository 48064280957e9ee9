import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// A program that lives no longer than the harness, however that ends: `setpriv --pdeathsig KILL` asks the kernel for
/// that.
final class ChildProcess: Sendable {
    /// How a program ended.
    enum End: Sendable, Hashable, CustomStringConvertible {
        case exited(CInt)
        case signaled(CInt)

        var description: String {
            switch self {
            case .exited(let code): "exit status \(code)"
            case .signaled(let signal): "signal \(signal)"
            }
        }
    }

    let identifier: pid_t
    private let run: Task<End, any Error>
    private let ended = Mutex<End?>(nil)

    /// - Parameter log: gets what the program writes, after what is there.
    /// - Throws: where `setpriv` or the program cannot be started.
    init(_ program: String, _ arguments: [String], environment: [String: String], log: FilePath) async throws {
        let output = try FileDescriptor.open(
            log, .writeOnly, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        let variables = environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }
        let (identifiers, started) = AsyncThrowingStream<pid_t, any Error>.makeStream()
        run = Task {
            do {
                let ended = try await Subprocess.run(
                    .name("setpriv"), arguments: Arguments(["--pdeathsig", "KILL", program] + arguments),
                    environment: .custom(Dictionary(uniqueKeysWithValues: variables)), input: .none,
                    output: .fileDescriptor(output, closeAfterSpawningProcess: false),
                    error: .fileDescriptor(output, closeAfterSpawningProcess: true)
                ) { started.yield($0.processIdentifier.value) }
                return switch ended.terminationStatus {
                case .exited(let code): .exited(code)
                case .signaled(let signal): .signaled(signal)
                }
            } catch {
                started.finish(throwing: error)
                throw error
            }
        }
        var first: pid_t?
        for try await identifier in identifiers {
            first = identifier
            break
        }
        guard let first else { throw CancellationError() }
        identifier = first
        Task { [weak self, run] in
            let end = try? await run.value
            self?.ended.withLock { $0 = end ?? .exited(-1) }
        }
    }

    /// Nil while it runs.
    var end: End? { ended.withLock { $0 } }

    func signal(_ number: CInt) {
        // Once it was waited for, its number may be another's.
        guard end == nil else { return }
        kill(identifier, number)
    }

    /// Waits until it has ended by itself; kills it after `limit`.
    func end(within limit: Duration) async -> End {
        let killer = Task {
            try await Task.sleep(for: limit)
            signal(SIGKILL)
        }
        defer { killer.cancel() }
        return (try? await run.value) ?? .exited(-1)
    }
}
