import Foundation
import Testing

/// `lathe upload` to a folder.
struct UploadTests {
    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
        _ = try folder.folder("store")
        _ = try folder.folder("music/b/.hidden")
        for name in ["music/a.wav", "music/b/c.txt", "music/b/.hidden/d", "one.wav"] {
            try folder.write("the content of \(name)", as: name)
        }
    }

    private var stored: [String] {
        folder.names.filter { $0.hasPrefix("store/") && !$0.contains(".lathe-incoming") }
            .map { String($0.dropFirst("store/".count)) }
            .filter { $0.split(separator: "/").last?.contains(".") == true }
    }

    private func upload(_ arguments: String...) async throws -> Lathe.Outcome {
        try await Lathe.run(["upload", "--to", "file://\(folder.file("store"))"] + arguments, in: folder)
    }

    @Test(arguments: [
        ("music", ["music/a.wav", "music/b/c.txt"]), ("music/", ["a.wav", "b/c.txt"]), ("one.wav", ["one.wav"]),
    ])
    func aFolderGoesWithItsTreeAsWithRsync(operand: String, keys: [String]) async throws {
        let outcome = try await upload(operand)
        #expect(outcome.status == .exited(0), "\(outcome.error)")
        #expect(stored == keys)
        for key in keys {
            let source = operand == "music/" ? "music/\(key)" : key
            #expect(try folder.text("store/\(key)") == "the content of \(source)")
        }
    }

    @Test func whatIsThereIsNotSentAgainUnlessItIsOlderOrForced() async throws {
        #expect(try await upload("music", "one.wav").output.contains("3 files: 3 uploaded"))
        #expect(try await upload("music", "one.wav").output.contains("3 files: 3 already there"))
        #expect(try await upload("music", "one.wav", "--force").output.contains("3 files: 3 uploaded"))
        try folder.write("THE CONTENT OF one.wav", as: "one.wav")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: 60)], ofItemAtPath: folder.file("one.wav"))
        #expect(try await upload("music", "one.wav").output.contains("3 files: 1 uploaded, 2 already there"))
        #expect(try folder.text("store/one.wav") == "THE CONTENT OF one.wav")
    }

    @Test func aDryRunSendsNothing() async throws {
        let outcome = try await upload("music", "--dry-run", "--json")
        #expect(outcome.status == .exited(0))
        #expect(outcome.output.contains("\"status\":\"would_upload\""))
        #expect(stored == [])
    }

    @Test func badFilesAreNamedAndTheOthersSent() async throws {
        let outcome = try await upload("missing.wav", "one.wav", "--json")
        #expect(outcome.status == .exited(1))
        #expect(
            outcome.errorLines == [
                "lathe: missing.wav: no such file", "lathe: 1 of 2 files were not uploaded",
            ])
        #expect(stored == ["one.wav"])
        #expect(outcome.outputLines.count == 3)
        #expect(outcome.outputLines.last?.contains("\"failed\":1") == true)
    }

    @Test func twoFilesForOneKeyAreAUsageError() async throws {
        _ = try folder.folder("other")
        try folder.write("x", as: "other/one.wav")
        let outcome = try await upload("one.wav", "other/one.wav")
        #expect(outcome.status == .exited(64))
        #expect(outcome.error.contains("one.wav and other/one.wav would both become one.wav"))
        #expect(stored == [])
    }

    @Test(
        arguments: [
            (["--to", "s3://bucket"], 78), (["--to", "ftp://x"], 78), (["--to", "file:///nowhere/at/all"], 69),
        ] as [([String], CInt)])
    func aPlaceThatCannotBeIsSaidInOneLine(options: [String], status: CInt) async throws {
        let outcome = try await Lathe.run(["upload", "one.wav"] + options, in: folder)
        #expect(outcome.status == .exited(status), "\(outcome.error)")
        #expect(outcome.errorLines.count == 1)
    }
}
