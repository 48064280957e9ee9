import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The `lathe` executable, run as a user runs it: a process of its own with arguments, an environment and a folder.
enum Lathe {
    /// `LATHE_TESTED_BUILD` names another build's folder: what operators run is optimised, the tests are not.
    static let executable = FilePath(
        ProcessInfo.processInfo.environment["LATHE_TESTED_BUILD"] ?? RepositoryPaths.buildProducts.string
    ).appending("lathe")

    /// How a run ended and what it wrote.
    struct Outcome: Sendable {
        let status: Status
        let output: String
        let error: String

        var outputLines: [String] { output.split(separator: "\n").map(String.init) }
        var errorLines: [String] { error.split(separator: "\n").map(String.init) }
    }

    enum Status: Sendable, Hashable {
        case exited(CInt)
        case signaled(CInt)
    }

    /// A run did not end in time and was killed.
    struct TookTooLong: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a command to its end.
    /// - Parameter user: an ordinary user to run it as, where this process is root.
    /// - Throws: `TookTooLong` with what it wrote when it was still running after `limit`, and was killed.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], in folder: ScratchFolder, as user: String? = nil,
        limit: Duration = .seconds(90)
    ) async throws -> Outcome {
        try await run(arguments, environment: environment, in: folder, as: user, limit: limit) { _ in }.outcome
    }

    /// Runs a command, does something meanwhile, and waits for its end.
    ///
    /// Its output goes to files, so that it never waits for a reader and can be read while it runs.
    static func run<Result: Sendable>(
        _ arguments: [String], environment: [String: String] = [:], in folder: ScratchFolder, as user: String? = nil,
        limit: Duration = .seconds(90), meanwhile body: @escaping @Sendable (RunningLathe) async throws -> Result
    ) async throws -> (outcome: Outcome, result: Result) {
        let logs = try ScratchFolder()
        let command = user.map { setpriv($0) + [executable.string] + arguments } ?? [executable.string] + arguments
        let environment = self.environment(environment, in: folder)
        return try await withThrowingTaskGroup(of: (Outcome, Result)?.self) { group in
            group.addTask {
                let output = try logs.create("stdout")
                let error = try logs.create("stderr")
                let ended = try await Subprocess.run(
                    command[0].hasPrefix("/") ? .path(FilePath(command[0])) : .name(command[0]),
                    arguments: Arguments(Array(command.dropFirst())), environment: environment,
                    workingDirectory: FilePath(folder.path), input: .none,
                    output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                    error: .fileDescriptor(error, closeAfterSpawningProcess: true)
                ) { process in
                    try await body(RunningLathe(processIdentifier: process.processIdentifier.value, logs: logs))
                }
                let outcome = Outcome(
                    status: Status(ended.terminationStatus), output: try logs.text("stdout"),
                    error: try logs.text("stderr"))
                return (outcome, ended.closureResult)
            }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let ended = first else {
                let said = "\(try logs.text("stdout"))\(try logs.text("stderr"))"
                throw TookTooLong(description: "lathe \(arguments) ran for \(limit) and was killed; it said: \(said)")
            }
            return ended
        }
    }

    static func setpriv(_ user: String) -> [String] {
        ["setpriv", "--reuid=\(user)", "--regid=nogroup", "--clear-groups"]
    }

    /// Nothing of the tester's own settings reaches a command.
    private static func environment(_ settings: [String: String], in folder: ScratchFolder) -> Subprocess.Environment {
        let ours = ProcessInfo.processInfo.environment.filter { ["PATH", "TMPDIR"].contains($0.key) }
        let all = ours.merging(["HOME": folder.path, "LANG": "C.UTF-8"]) { $1 }.merging(settings) { $1 }
        let pairs = all.map { (Subprocess.Environment.Key(stringLiteral: $0.key), $0.value) }
        return .custom(Dictionary(uniqueKeysWithValues: pairs))
    }
}

extension Lathe.Status {
    fileprivate init(_ status: TerminationStatus) {
        switch status {
        case .exited(let code): self = .exited(code)
        case .signaled(let signal): self = .signaled(signal)
        }
    }
}

/// A `lathe` that runs right now.
struct RunningLathe: Sendable {
    let processIdentifier: pid_t
    fileprivate let logs: ScratchFolder

    func signal(_ number: CInt) { kill(processIdentifier, number) }

    /// What it has written so far.
    var output: String { (try? logs.text("stdout")) ?? "" }
    var error: String { (try? logs.text("stderr")) ?? "" }

    /// It has ended, though nobody may have collected its status yet.
    var hasEnded: Bool {
        guard let status = FileManager.default.contents(atPath: "/proc/\(processIdentifier)/stat") else { return true }
        return String(decoding: status, as: UTF8.self).split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
}
