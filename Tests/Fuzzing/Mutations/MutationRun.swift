import ArgumentParser
import Foundation
import FuzzingHarness
import Logging
import MediaContract
import MediaSandbox
import SystemPackage
import TestSupport

/// Thousands of broken files through the path that the workers take: `scripts/fuzz mutations`.
@main
struct MutationRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mutations",
        abstract: "Break fixtures in every way, and have each inspected, transcoded and measured by lathe-media.",
        discussion: """
            Every file must end in a typed failure or a verified MP3: none may crash a media process, hang it, or leave a \
            descriptor or memory behind here. Exits with 1 otherwise, and keeps the file.
            """)

    @Option(help: "How many files.") var files = 10_000
    @Option(help: "Repeats the files of an earlier run.") var seed: UInt64 = 1
    @Option(help: "How many at once.") var concurrency = 2
    @Option(help: "Where files are kept that broke something.") var keep = "fuzz-findings"

    func run() async throws {
        let corpus = try Corpus()
        let sandbox = MediaSandbox(
            executable: RepositoryPaths.buildProducts.appending("lathe-media"),
            limits: MediaSandbox.Limits(withoutProgress: .seconds(30), total: .seconds(120)),
            logger: Logger(label: "mutations") { _ in SwiftLogNoOpLogHandler() })
        let folder = FileManager.default.temporaryDirectory.appending(path: "lathe-mutations-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try await outcome(of: corpus.bytes[0], sandbox, folder)
        let before = Footprint()
        var tally = Tally()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            var next = 0
            func startNext() {
                guard next < files else { return }
                let number = next
                next += 1
                group.addTask {
                    let bytes = corpus.mutated(number, seed: seed)
                    let outcome = try await outcome(of: bytes, sandbox, folder)
                    if outcome.isDefect { try keep(bytes, number) }
                    return (number, outcome)
                }
            }
            for _ in 0..<concurrency { startNext() }
            while let (number, outcome) = try await group.next() {
                tally.note(outcome, number)
                if tally.count % 1000 == 0 { print("\(tally.count) files, \(start.duration(to: .now))") }
                startNext()
            }
        }
        let after = Footprint()
        print(tally.summary)
        print(
            "descriptors \(before.descriptors) → \(after.descriptors), memory \(before.kibibytes) → \(after.kibibytes) KiB"
        )
        print("children left: \(after.children)")
        let grew = after.kibibytes - before.kibibytes
        guard tally.defects.isEmpty, after.descriptors <= before.descriptors + concurrency, grew < 65_536 else {
            throw ExitCode.failure
        }
    }

    private func outcome(of bytes: [UInt8], _ sandbox: MediaSandbox, _ folder: URL) async throws -> Outcome {
        let path = folder.appending(path: UUID().uuidString)
        try Data(bytes).write(to: path)
        defer { try? FileManager.default.removeItem(at: path) }
        let input = try FileDescriptor.open(FilePath(path.path), .readOnly)
        defer { try? input.close() }
        let output = try FileDescriptor.open(
            FilePath(path.path + ".mp3"), .readWrite, options: [.create], permissions: .ownerReadWrite)
        defer { try? output.close() }
        try FileManager.default.removeItem(atPath: path.path + ".mp3")
        do throws(MediaFailure) {
            let inspection = try await sandbox.inspectAudio(input)
            let report = try await sandbox.transcode(
                input, to: output, profile: .mp3At320, tags: TrackTags(title: "Mutation"), cover: nil,
                threads: 1 + bytes.count % 2, analyzes: true)
            // Two decodes of one file that disagree would be as bad as a crash.
            return report.source == inspection ? .mp3 : .disagreement
        } catch {
            return .failure(error)
        }
    }

    private func keep(_ bytes: [UInt8], _ number: Int) throws {
        try FileManager.default.createDirectory(atPath: keep, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: "\(keep)/\(seed)-\(number)"))
    }
}

/// What became of one file.
enum Outcome: Sendable {
    case mp3
    case disagreement
    case failure(MediaFailure)

    var name: String {
        switch self {
        case .mp3: "a verified MP3"
        case .disagreement: "two inspections that disagree"
        case .failure(let failure): failure.kind.rawValue
        }
    }

    /// A file may be refused for what it is, and for nothing else.
    var isDefect: Bool {
        switch self {
        case .mp3: false
        case .disagreement: true
        case .failure(let failure):
            ![.emptyFile, .unsupportedFormat, .corrupt, .noAudioStream, .noSamples].contains(failure.kind)
        }
    }
}

private struct Tally {
    private(set) var count = 0
    private var outcomes: [String: Int] = [:]
    private(set) var defects: [String] = []

    mutating func note(_ outcome: Outcome, _ number: Int) {
        count += 1
        outcomes[outcome.name, default: 0] += 1
        guard outcome.isDefect else { return }
        let line =
            if case .failure(let failure) = outcome { "\(number): \(failure)" } else { "\(number): \(outcome.name)" }
        defects.append(line)
        print(line)
    }

    var summary: String {
        let lines = outcomes.sorted { $0.key < $1.key }.map { "  \($0.value) \($0.key)" }
        return "\(count) files, \(defects.count) defects\n" + lines.joined(separator: "\n")
    }
}

/// The fixtures, whole and broken ones.
private struct Corpus: Sendable {
    let bytes: [[UInt8]]

    init() throws {
        let folders = ["audio", "broken-audio"].map { RepositoryPaths.fixtures.appending($0).string }
        bytes = try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
                try [UInt8](Data(contentsOf: URL(filePath: "\(folder)/\($0)")))
            }
        }
    }

    func mutated(_ number: Int, seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(number))
        let pair = (bytes.randomElement(using: &random) ?? [], bytes.randomElement(using: &random) ?? [])
        return Mutation.mutate(pair.0, with: pair.1, using: &random)
    }
}

/// What this process holds.
private struct Footprint {
    let descriptors: Int
    let kibibytes: Int
    let children: String

    init() {
        descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        kibibytes = Int(line.filter(\.isNumber)) ?? 0
        let list = try? String(contentsOfFile: "/proc/self/task/\(getpid())/children", encoding: .utf8)
        children = (list ?? "unknown").isEmpty ? "none" : list ?? "unknown"
    }
}
