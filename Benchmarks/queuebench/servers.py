"""Private servers on free loopback ports with folders of their own; each is stopped and removed when its block ends."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_LIMIT = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def unprivileged() -> str | None:
    """The user servers run as: Postgres refuses root. None is this one."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Server:
    """A process with a folder. Subclasses say how it starts and when it answers."""

    def __init__(self, parent: Path | None = None) -> None:
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.user = unprivileged()
        self.folder = Path(tempfile.mkdtemp(prefix="lathe-benchmark-", dir=parent))
        self.process: subprocess.Popen | None = None
        if self.user:
            shutil.chown(self.folder, self.user)

    def __enter__(self) -> "Server":
        try:
            self.start()
            deadline = time.monotonic() + START_LIMIT
            while not self.answers():
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"{type(self).__name__} did not start:\n{self.log.read_text()[-2000:]}")
                time.sleep(0.05)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def launch(self, command: list, **options) -> None:
        with self.log.open("ab") as log:
            # A session of its own, so that Ctrl-C reaches this script alone, which then stops the server.
            self.process = subprocess.Popen(
                [str(part) for part in command], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self.identity, **options)

    @property
    def identity(self) -> dict:
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}

    def start(self) -> None:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Postgres(Server):
    """A cluster with the defaults of initdb: fsync, synchronous commit and full page writes are on."""

    def start(self) -> None:
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
        initdb = installed[-1] if installed else Path(shutil.which("initdb") or sys.exit("initdb was not found"))
        password = self.folder / "password"
        password.write_text(self.password)
        if self.user:
            shutil.chown(password, self.user)
        made = subprocess.run(
            [initdb, "-D", self.folder / "data", "-U", "lathe", "--auth=scram-sha-256", f"--pwfile={password}",
             "--encoding=UTF8", "--locale=C.UTF-8"], cwd=self.folder, capture_output=True, text=True, **self.identity)
        if made.returncode != 0:
            sys.exit(f"initdb failed: {made.stderr}")
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
            # The sections that count statements look for their database's.
            "log_line_prefix": "%d|",
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.launch([initdb.parent / "postgres", "-D", self.folder / "data", *flags])

    def answers(self) -> bool:
        return subprocess.run(["psql", "-Xc", "", self.url("postgres")], capture_output=True).returncode == 0

    def url(self, database: str) -> str:
        return f"postgresql://lathe:{self.password}@127.0.0.1:{self.port}/{database}"

    def sql(self, database: str, script: str) -> str:
        """Runs statements and returns what they answer, columns separated by |."""
        done = subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url(database)],
            input=script, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"psql: {done.stderr}")
        return done.stdout.strip()

    def create(self, database: str, template: str = "template1") -> None:
        """Makes a database, or makes it anew."""
        # FORCE: the session of a program that was killed may still be ending.
        self.sql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        self.sql("postgres", f"CREATE DATABASE {database} TEMPLATE {template}")


class Redis(Server):
    """Without persistence, or with every write synced to disk."""

    def __init__(self, durable: bool, parent: Path | None = None) -> None:
        super().__init__(parent)
        self.durable = durable

    def start(self) -> None:
        # Debian's redis-server is a link to redis-check-rdb in redis-tools: one binary that goes by its name.
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb") or sys.exit("redis was not found")
        flags = {
            "bind": "127.0.0.1", "port": self.port, "requirepass": self.password, "dir": self.folder, "save": "",
            "appendonly": "yes" if self.durable else "no", "appendfsync": "always",
        }
        arguments = [part for name, value in flags.items() for part in (f"--{name}", value)]
        self.launch(["redis-server", *arguments], executable=program)

    def answers(self) -> bool:
        return self.command("PING") == "PONG"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def command(self, *words: str) -> str:
        environment = os.environ | {"REDISCLI_AUTH": self.password}
        arguments = ["redis-cli", "-h", "127.0.0.1", "-p", str(self.port), *words]
        return subprocess.run(arguments, env=environment, capture_output=True, text=True).stdout.strip()
