"""What all sections share: the options, the servers, the programs, and the figures so far."""

import argparse
import contextlib
import json
import math
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .servers import Postgres, Redis

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "Benchmarks/peers"
PYTHON = ROOT / ".venv/bin/python"
INSERT = "INSERT INTO upload_jobs (target_entity_id, job_type, local_path) VALUES (gen_random_uuid(), 'AUDIO', {})"
WORKER = "00000000-0000-4000-8000-000000000001"


class Bench:
    """One run: everything is measured on the same servers, and every figure is kept for the JSON."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.figures: dict = {}
        # Microseconds of client CPU a job, of the drains of the shape that is measured.
        self.cpu: list[float] = []
        self.goals: list[tuple[str, bool]] = []
        self.stack = contextlib.ExitStack()
        self.lathe_engine = Path(options.build) / "queue-benchmark"
        self.lathe: Path = options.lathe

    def __enter__(self) -> "Bench":
        self.stack.__enter__()
        self.scratch = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="lathe-benchmark-")))
        self.postgres: Postgres = self.stack.enter_context(Postgres(self.options.folder))
        self.postgres.create("migrated")
        self.engine("migrate", "migrated")
        return self

    def __exit__(self, *error) -> None:
        self.stack.__exit__(*error)

    # Programs

    def engine(self, action: str, database: str, **options) -> dict:
        """Runs Lathe's half and returns what it prints."""
        return self.run_json(self.engine_command(action, database, **options))

    def engine_command(self, action: str, database: str, **options) -> list:
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        return [self.lathe_engine, action, "--database", self.postgres.url(database), *flags]

    def peer(self, name: str, url: str, *arguments) -> list:
        return [PYTHON, PEERS / f"{name}-queue.py", url, *arguments]

    def run_json(self, command: list) -> dict:
        return json.loads(self.run(command) or "{}")

    def run(self, command: list) -> str:
        # A peer's complaints at its end are not ours, unless it failed.
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            shown = shlex.join(str(part) for part in command[:3]).replace(self.postgres.password, "…")
            sys.exit(f"{shown} ended with {done.returncode}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    @contextlib.contextmanager
    def running(self, command: list, **options) -> Iterator[subprocess.Popen]:
        """A program that is ended with its block."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True} | options
        process = subprocess.Popen([str(part) for part in command], **options)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def pgbench(self, database: str, script: Path | str, *flags) -> float:
        """Runs a script and returns its transactions a second, sign-in left out."""
        if isinstance(script, str):
            path = self.scratch / "script.sql"
            path.write_text(script)
            script = path
        report = self.run(
            ["pgbench", "-n", "-M", "prepared", "-D", f"worker={WORKER}", "-f", script, *flags,
             self.postgres.url(database)])
        failed = re.search(r"number of failed transactions: (\d+)", report)
        if failed and failed[1] != "0":
            sys.exit(f"pgbench: {report}")
        return float(re.search(r"tps = ([\d.]+)", report)[1])

    def floor_program(self) -> Path:
        """Compiles the bare libpq program."""
        program = self.scratch / "libpq-floor"
        if not program.exists():
            flags = {kind: self.run(["pkg-config", kind, "libpq"]).split() for kind in ("--cflags", "--libs")}
            self.run(["cc", "-O2", *flags["--cflags"], "-o", program, PEERS / "libpq-floor.c", *flags["--libs"]])
        return program

    def redis(self, durable: bool) -> Redis:
        return self.stack.enter_context(Redis(durable, self.options.folder))

    # Tables

    def fresh(self, database: str) -> None:
        """An empty migrated database, with a worker that pgbench can claim as."""
        self.postgres.create(database, "migrated")
        self.postgres.sql(database, f"""
            INSERT INTO workers (id, host, pid, version, runs, beat_at)
            VALUES ('{WORKER}', 'pgbench', 1, 'pgbench', '{{upload_jobs}}', now() + interval '1 day')""")

    def fill(self, database: str, jobs: int) -> None:
        """Enqueues, and leaves the server with statistics and without a checkpoint due."""
        self.postgres.sql(database, f"{self.enqueue(jobs)}; VACUUM (ANALYZE) upload_jobs; CHECKPOINT")

    def fill_plainly(self, database: str, jobs: int) -> None:
        """Enqueues and leaves everything else as it is."""
        self.postgres.sql(database, self.enqueue(jobs))

    @staticmethod
    def enqueue(jobs: int) -> str:
        paths = f"SELECT gen_random_uuid(), 'AUDIO', '/masters/' || n || '.wav' FROM generate_series(1, {jobs}) n"
        return f"INSERT INTO upload_jobs (target_entity_id, job_type, local_path) {paths}"

    def create_procrastinate(self) -> None:
        self.postgres.create("procrastinate")
        self.run(self.peer("procrastinate", self.postgres.url("procrastinate"), "schema"))

    def insert_triggers(self, database: str) -> list[str]:
        """Lathe's triggers that fire at an insert of the application's."""
        names = self.postgres.sql(database, """
            SELECT tgname FROM pg_trigger
            WHERE tgrelid = 'upload_jobs'::regclass AND NOT tgisinternal AND tgtype & 4 <> 0 ORDER BY tgname""")
        return names.split()

    def disable_insert_triggers(self, database: str, enable: bool = False) -> None:
        for name in self.insert_triggers(database):
            self.postgres.sql(database, f'ALTER TABLE upload_jobs {"ENABLE" if enable else "DISABLE"} TRIGGER "{name}"')

    def completed(self, database: str) -> int:
        return int(self.postgres.sql(database, "SELECT count(*) FROM upload_jobs WHERE status = 'COMPLETED'"))

    # Figures

    def say(self, text: str) -> None:
        print(text, flush=True)

    def goal(self, text: str, value: float, holds: Callable[[float], bool]) -> None:
        met = holds(value)
        self.goals.append((text, met))
        self.say(f"  {'met   ' if met else 'MISSED'}  {text}: {value:.3g}")


def quantile(values: list[float], q: float) -> float:
    """The smallest value that at least a share q of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)]


def spread(values: list[float]) -> dict:
    return {"median": statistics.median(values), "low": min(values), "high": max(values), "rounds": values}
