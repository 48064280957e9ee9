import Subprocess
import Synchronization
import SystemPackage

/// A shell script that outlives this process to clean up after it.
///
/// The script holds the reading end of a pipe as descriptor 3. While this process lives the pipe stays open and silent.
/// ``finish()`` writes "stop" to it; when it closes without a word, this process is dead, by whatever signal.
final class Keeper: Sendable {
    private let lifeline: Lifeline
    private let shell: Task<Void, Never>

    /// - Parameters:
    ///   - script: run by `/bin/sh`; its background commands must close descriptor 3.
    ///   - arguments: `$1` and what follows.
    init(_ script: String, arguments: [String]) throws {
        let lifeline = try Lifeline()
        self.lifeline = lifeline
        var platform = PlatformOptions()
        // Out of the terminal's reach: Ctrl-C is for this process, which stops the server when it is done with it.
        platform.createSession = true
        shell = Task { [platform] in
            // A shell that could not be started has ended; its server's absence is then noticed as any other's.
            _ = try? await run(
                .path("/bin/sh"),
                arguments: Arguments(["-c", "exec 3<&0 </dev/null\n" + script, "lathe-postgres"] + arguments),
                environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]),
                platformOptions: platform,
                input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: false), output: .discarded)
            lifeline.scriptHasEnded()
        }
    }

    deinit { lifeline.cut() }

    /// The script has ended, whoever ended it.
    var hasEnded: Bool { lifeline.isOver }

    /// Tells the script to end and waits until it has.
    func finish() async {
        lifeline.say("stop\n")
        lifeline.cut()
        await shell.value
    }
}

/// The pipe between this process and a script.
private final class Lifeline: Sendable {
    private struct State {
        var writeEnd: FileDescriptor?
        var isOver = false
    }

    /// Stays open here until the script has ended, so that writing to it never raises SIGPIPE.
    let readEnd: FileDescriptor
    private let state: Mutex<State>

    init() throws {
        let (readEnd, writeEnd) = try FileDescriptor.pipe(options: .closeOnExec)
        self.readEnd = readEnd
        state = Mutex(State(writeEnd: writeEnd))
    }

    var isOver: Bool { state.withLock { $0.isOver } }

    func say(_ words: String) {
        state.withLock { state in
            guard !state.isOver else { return }
            // A few bytes into an empty pipe with a reader cannot fail.
            _ = try? state.writeEnd?.writeAll(words.utf8)
        }
    }

    func cut() {
        state.withLock { state in
            try? state.writeEnd?.close()
            state.writeEnd = nil
        }
    }

    func scriptHasEnded() {
        state.withLock { state in
            state.isOver = true
            try? readEnd.close()
        }
    }
}
