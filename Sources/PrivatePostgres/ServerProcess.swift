import Subprocess
import Synchronization
import SystemPackage

/// One run of the server, watched by a shell that outlives this process if it must.
///
/// The shell holds the reading end of a pipe. While this process lives the pipe stays open; "stop" on it ends the
/// server and keeps the folder. When the pipe closes without a word, this process is dead, by whatever signal, and the
/// shell stops the server at once and removes the folder. The kernel stops the server when even the shell is killed
/// (`setpriv --pdeathsig`).
final class ServerProcess: Sendable {
    private let lifeline: Mutex<FileDescriptor?>
    private let keeper: Task<Void, Never>
    private let ended: ManagedFlag

    /// Creates the cluster when the folder has none, and starts the server.
    /// - Parameter options: of the `postgres` program.
    init(folder: FilePath, programs: FilePath, user: ServerUser, options: [String]) throws {
        let (readEnd, writeEnd) = try FileDescriptor.pipe(options: .closeOnExec)
        lifeline = Mutex(writeEnd)
        let ended = ManagedFlag()
        self.ended = ended
        var platform = PlatformOptions()
        // Out of the terminal's reach: Ctrl-C is for this process, which stops the server when it is done with it.
        platform.createSession = true
        let arguments = ["-c", Self.script, "lathe-postgres", folder.string, programs.string, user.commandPrefix]
        keeper = Task { [platform] in
            // A keeper that could not be started has ended; the server's absence is then noticed as any other's.
            _ = try? await run(
                .path("/bin/sh"), arguments: Arguments(arguments + options),
                environment: .custom(["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"]),
                platformOptions: platform,
                input: .fileDescriptor(readEnd, closeAfterSpawningProcess: true), output: .discarded)
            ended.set()
        }
    }

    deinit { lifeline.withLock { try? $0?.close() } }

    /// The server is down, whoever stopped it.
    var hasEnded: Bool { ended.isSet }

    /// Fast shutdown: sessions are disconnected, data is written. Returns when the server is gone.
    func stop() async {
        lifeline.withLock { descriptor in
            // Fails only where the keeper has gone already.
            _ = try? descriptor?.writeAll("stop\n".utf8)
            try? descriptor?.close()
            descriptor = nil
        }
        await keeper.value
    }

    /// `$1` folder, `$2` programs, `$3` words to run a command as the server's user, then the server's options.
    /// The shell has its background commands ignore SIGINT and SIGQUIT until the server installs its own handlers, so
    /// a signal is repeated until the server is gone.
    private static let script = #"""
        exec 3<&0 </dev/null
        folder=$1 programs=$2 prefix=$3
        shift 3
        cd "$folder" || exit 1
        if [ ! -f data/PG_VERSION ]; then
            $prefix "$programs/initdb" --pgdata=data --username=lathe --pwfile=password --auth=scram-sha-256 \
                --encoding=UTF8 --locale=C --no-sync --no-instructions >>log 2>&1 3<&- || exit 1
        fi
        $prefix "$programs/postgres" -D "$folder/data" "$@" >>log 2>&1 3<&- &
        server=$!
        {
            read -r word <&3 && signal=INT || { signal=QUIT; : >abandoned; }
            while kill -s $signal "$server" 2>/dev/null; do sleep 0.1; done
        } &
        watcher=$!
        wait "$server"
        [ -e abandoned ] && { cd /; rm -rf "$folder"; }
        kill "$watcher" 2>/dev/null
        exit 0
        """#
}

/// A flag that is set once, by another task.
final class ManagedFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set() { flag.store(true, ordering: .releasing) }
}
