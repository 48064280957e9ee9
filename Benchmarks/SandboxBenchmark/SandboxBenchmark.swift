import ArgumentParser
import Audio
import Foundation
import Logging
import MediaContract
import MediaSandbox
import Synchronization
import SystemPackage

/// What the sandbox costs: one file transcoded in this process, by a process that waited for it, and by a new one.
@main
struct SandboxBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sandbox-benchmark",
        abstract: "Milliseconds to transcode a file in process, by a warm lathe-media and by a cold one.")

    @Argument(help: "An audio file.") var file: String
    @Option(help: "Transcodes of each kind; they take turns.") var rounds = 50
    @Option(help: "Threads of each.") var threads = 1

    func run() async throws {
        let executable = try MediaSandbox.locateExecutable(explicit: nil)
        let cold = MediaSandbox(executable: executable, logger: Logger(label: "benchmark"))
        let warm = MediaSandbox(executable: executable, logger: Logger(label: "benchmark"))
        var times: [(name: String, milliseconds: [Double])] = [("in process", []), ("warm", []), ("cold", [])]
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await warm.keepWarm(1) }
            for round in 0...rounds {
                // Long enough for the next process to be ready, as between the files of a queue that is not full.
                try await Task.sleep(for: .milliseconds(300))
                let taken = [
                    try measure { try inProcess() }, try await measure { try await transcode(by: warm) },
                    try await measure { try await transcode(by: cold) },
                ]
                // The first round loads what all share.
                guard round > 0 else { continue }
                for index in taken.indices { times[index].milliseconds.append(taken[index]) }
            }
            group.cancelAll()
        }
        for (name, all) in times {
            let sorted = all.sorted()
            let line = [0.1, 0.5, 0.9].map { sorted[Int(Double(sorted.count - 1) * $0)] }
                .map { String(format: "%7.1f", $0) }.joined(separator: " ")
            FileHandle.standardOutput.write(Data("\(name): 10th, 50th and 90th percentile in ms \(line)\n".utf8))
        }
    }

    private func measure(_ body: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await body()
        return start.duration(to: .now) / .milliseconds(1)
    }

    private func measure(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        return start.duration(to: .now) / .milliseconds(1)
    }

    private func inProcess() throws {
        let (input, output) = try open()
        defer { for file in [input, output] { try? file.close() } }
        _ = try Transcoder.transcode(
            input: input, output: output, profile: .mp3At320, tags: TrackTags(), cover: nil, threads: threads,
            analyzes: false, progress: { _ in }, isCancelled: { false })
    }

    private func transcode(by sandbox: MediaSandbox) async throws {
        let (input, output) = try open()
        defer { for file in [input, output] { try? file.close() } }
        _ = try await sandbox.transcode(
            input, to: output, profile: .mp3At320, tags: TrackTags(), cover: nil, threads: threads)
    }

    private func open() throws -> (FileDescriptor, FileDescriptor) {
        let folder = FilePath(FileManager.default.temporaryDirectory.path)
        let output = folder.appending("sandbox-benchmark-\(UUID()).mp3")
        defer { try? FileManager.default.removeItem(atPath: output.string) }
        return (
            try FileDescriptor.open(FilePath(file), .readOnly, options: .closeOnExec),
            try FileDescriptor.open(
                output, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
        )
    }
}
