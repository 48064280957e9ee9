import Foundation
import Pipeline
import SystemPackage
import TestSupport
import Testing

struct HelpTests {
    private static let settings = ["--config", "--database", "--storage", "--log-level"]

    /// Every command and the options it promises.
    static let commands: [(command: String, options: [String])] = [
        ("work", settings + ["--only", "--once", "--drain"]),
        ("migrate", settings + ["--dry-run", "--status"]),
        ("enqueue audio", settings), ("enqueue cover", settings), ("submit", settings),
        ("status", settings + ["--json"]),
        ("jobs list", settings + ["--status", "--limit", "--json"]), ("jobs show", settings + ["--json"]),
        ("jobs queues", settings + ["--json"]), ("jobs retry", settings + ["--all-failed", "--queue"]),
        ("jobs cancel", settings), ("jobs prioritize", settings + ["--priority"]), ("jobs pause", settings),
        ("jobs resume", settings), ("reprocess", settings + ["--release", "--dry-run"]),
        (
            "transcode",
            settings + [
                "-o, --output", "--out-dir", "--force", "--no-resume", "--threads", "--json", "--verbose", "--title",
                "--artist", "--album", "--cover",
            ]
        ),
        ("probe", settings + ["--json"]),
        (
            "analyze",
            settings + [
                "--json", "--waveform", "--zoom", "--pixels", "--waveform-bits", "--html", "--force", "--fail-on",
            ]
        ),
        ("upload", settings + ["--to", "--content-type", "--cache-control", "--force", "--dry-run", "--json"]),
        ("demo", ["--music", "--out", "--verbose"]),
    ]

    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    private func help(_ command: String) async throws -> String {
        let outcome = try await Lathe.run(command.split(separator: " ").map(String.init) + ["--help"], in: folder)
        #expect(outcome.status == .exited(0))
        #expect(outcome.error == "")
        return outcome.output
    }

    @Test(arguments: commands)
    func aCommandsHelpNamesItsOptions(command: String, options: [String]) async throws {
        let help = try await help(command)
        #expect(help.contains("USAGE: lathe \(command)"))
        for option in options {
            #expect(help.contains("  \(option)"), "\(command) says nothing of \(option)")
        }
    }

    @Test func theHelpNamesEveryCommandAndWhereSettingsComeFrom() async throws {
        let help = try await help("")
        for (command, _) in Self.commands {
            let name = try #require(command.split(separator: " ").first)
            #expect(help.contains("\n  \(name) "), "nothing of \(name)")
        }
        #expect(help.contains("lathe.yaml"))
        #expect(help.contains("Exit status: 0 done, 1 work failed, 64 usage"))
    }

    /// `lathe COMMAND … --option` anywhere in the documents must be what the command's own help says.
    @Test func whatTheDocumentsTellToTypeCanBeTyped() async throws {
        let documents =
            ["README.md", "CONTRIBUTING.md"]
            + (try FileManager.default.contentsOfDirectory(atPath: RepositoryPaths.root.appending("docs").string)
                .filter { $0.hasSuffix(".md") }.map { "docs/\($0)" })
        var checked = 0
        for document in documents {
            let path = RepositoryPaths.root.appending(document).string
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
            for match in text.matches(of: /\blathe ([a-z]+(?: (?:list|show|retry|audio|cover))?)([^`\n|]*)/) {
                guard let known = Self.commands.first(where: { $0.command == match.1 }) else { continue }
                for option in match.2.matches(of: /--[a-z][a-z-]+/) {
                    #expect(
                        known.options.contains { $0.hasSuffix(String(option.0)) },
                        "\(document): lathe \(known.command) has no \(option.0)")
                }
                checked += 1
            }
        }
        #expect(checked > 0)
    }

    @Test func theVersionIsTheOneTheWorkersRegister() async throws {
        let outcome = try await Lathe.run(["--version"], in: folder)
        #expect(outcome.status == .exited(0))
        #expect(outcome.outputLines == [LatheVersion.current])
    }

    @Test(arguments: [
        ["frobnicate"], ["work", "--frobnicate"], ["work", "--once", "--drain"], ["work", "--only", "neither"],
        ["jobs", "show", "12345"], ["jobs", "list", "--limit", "0"], ["jobs", "list", "--limit", "many"],
        ["submit", "not-a-uuid"], ["status", "not-a-uuid"], ["reprocess"], ["reprocess", "--release", "7"],
        ["enqueue", "audio", "not-a-uuid", "file.wav"], ["transcode"], ["probe"], ["analyze"],
        ["migrate", "now"],
    ])
    func whatCannotBeMeantIsAUsageErrorThatQuotesIt(arguments: [String]) async throws {
        let outcome = try await Lathe.run(arguments, in: folder)
        #expect(outcome.status == .exited(64))
        #expect(outcome.output == "")
        #expect(outcome.error.contains("Usage: lathe"))
    }
}
