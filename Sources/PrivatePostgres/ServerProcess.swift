import SystemPackage

/// One run of the server. It ends with this process: its keeper stops it, and the kernel does when even the keeper is
/// killed (`setpriv --pdeathsig`).
final class ServerProcess: Sendable {
    private let keeper: Keeper

    /// Creates the cluster when the folder has none, and starts the server.
    /// - Parameter options: of the `postgres` program.
    init(folder: FilePath, programs: FilePath, user: ServerUser, options: [String]) throws {
        keeper = try Keeper(
            Self.script, arguments: [folder.string, programs.string, user.commandPrefix] + options)
    }

    /// The server is down, whoever stopped it.
    var hasEnded: Bool { keeper.hasEnded }

    /// Fast shutdown: sessions are disconnected, data is written. Returns when the server is gone.
    func stop() async { await keeper.finish() }

    /// `$1` folder, `$2` programs, `$3` words to run a command as the server's user, then the server's options.
    /// The shell has its background commands ignore SIGINT and SIGQUIT until the server installs its own handlers, so
    /// a signal is repeated until the server is gone.
    private static let script = #"""
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
            if read -r word <&3; then signal=INT; else signal=QUIT; fi
            while kill -s "$signal" "$server" 2>/dev/null; do sleep 0.1; done
        } &
        watcher=$!
        wait "$server"
        kill "$watcher" 2>/dev/null
        """#
}
