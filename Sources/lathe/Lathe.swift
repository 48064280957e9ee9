import ArgumentParser
import Glibc
import Pipeline

/// `lathe`: one file a command.
@main
struct Lathe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lathe",
        abstract: "Background workers of a music release manager: masters in, verified 320 kbps MP3s out.",
        discussion: """
            Settings come from flags, then the environment, then lathe.yaml; docs/configuration.md lists them all.
            Exit status: 0 done, 1 work failed, 64 usage, 69 a server is unreachable, 78 bad configuration.
            """,
        version: LatheVersion.current,
        subcommands: [
            Work.self, Migrate.self, Enqueue.self, Submit.self, Status.self, JobsCommand.self, ReprocessCommand.self,
            Transcode.self, Probe.self, Analyze.self, Upload.self, Demo.self,
        ])

    static func main() async {
        // A reader that leaves (`lathe jobs list | head`) must not kill a worker.
        signal(SIGPIPE, SIG_IGN)
        StandardStreams.openMissing()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            if let error = Console.outputFailure {
                throw CommandError(.workFailed, "results could not be written to standard output: \(error)")
            }
        } catch let stop as StoppedBySignal {
            Console.error("stopped")
            stop.endProcess()
        } catch {
            guard let failure = CommandError(error) else { exit(withError: error) }
            if !failure.message.isEmpty { Console.error(failure.message) }
            exit(withError: ExitCode(failure.exit.rawValue))
        }
    }
}
