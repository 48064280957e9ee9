import Foundation
import Subprocess
import SystemPackage

/// Programs of others that read what was written here.
enum Foreign {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs `name` with `input` on its standard input and gives its standard output.
    ///
    /// - Throws: `Failed` with its standard error when it exits with anything but 0.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], input: [UInt8] = []) async throws -> [UInt8] {
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), input: .array(input), output: .bytes(limit: 256 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failed(description: "\(name) \(arguments): \(result.standardError)")
        }
        return result.standardOutput
    }

    /// Runs a Python program and reads what it prints as JSON.
    static func python<Value: Decodable>(_ program: String, input: [UInt8], as type: Value.Type) async throws -> Value {
        try JSONDecoder().decode(type, from: Data(await run("python3", ["-c", program], input: input)))
    }
}
