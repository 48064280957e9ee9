import Foundation
import Glibc
import MediaContract
import MediaSandbox
import Subprocess
import SystemPackage

/// Runs `sandbox-violator`, which confines itself as `lathe-media` does.
struct Violator {
    typealias Layer = ConfinementReport.Layer

    let folder: TemporaryFolder

    /// Small enough that each is reached in a moment.
    private static let limits = ResourceLimits(
        addressSpace: 1 << 30, processorSeconds: 1, fileSize: 1 << 20, openFiles: 16)

    /// What became of the violator.
    struct Outcome {
        var status: TerminationStatus
        var errors: String
    }

    /// - Parameter layers: Those it takes on.
    func commit(_ violation: String, under layers: [Layer]) async throws -> Outcome {
        let output = try folder.output(name: "output-\(UUID())")
        let result = try await Subprocess.run(
            .path(try Self.executable),
            arguments: Arguments(
                [violation, layers.map(\.rawValue).joined(separator: ",")] + Self.limits.arguments),
            environment: .custom([:]), workingDirectory: folder.path, input: .none,
            output: .fileDescriptor(output, closeAfterSpawningProcess: true), error: .string(limit: 1000))
        return Outcome(status: result.terminationStatus, errors: result.standardError)
    }

    private static var executable: FilePath {
        get throws {
            try MediaSandbox.locateExecutable(explicit: nil).removingLastComponent().appending("sandbox-violator")
        }
    }

    /// "Landlock (ABI 7: files, TCP)": the layers that this kernel has.
    static func kernelOffers(_ words: String...) async throws -> Bool {
        let violator = Violator(folder: try TemporaryFolder())
        let report = try await violator.commit("report", under: [.landlock, .seccomp]).errors
        return words.allSatisfy(report.contains)
    }
}
