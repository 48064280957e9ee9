"""Statements a second of an idle `lathe work` with all defaults, BEGIN and COMMIT counted, by the server's own log."""

import collections
import os
import re
import time

from .bench import Bench

SETTLE_SECONDS = 8
STATEMENT = re.compile(r"^idle\|LOG:  (?:statement|execute [^:]*): (.*)", re.MULTILINE)


def idle(bench: Bench) -> None:
    if not bench.lathe.exists():
        bench.say(f"  skipped: there is no {bench.lathe}; swift build --configuration release")
        return
    bench.fresh("idle")
    bench.postgres.sql("postgres", "ALTER DATABASE idle SET log_statement = 'all'")
    storage, masters = bench.scratch / "storage", bench.scratch / "masters"
    for folder in (storage, masters):
        folder.mkdir()
    environment = os.environ | {
        "DATABASE_URL": bench.postgres.url("idle"), "LATHE_STORAGE_URL": f"file://{storage}",
        "LATHE_UPLOAD_ROOTS": str(masters), "LATHE_WORK_DIR": str(bench.scratch),
    }
    seconds = bench.options.idle_seconds
    with bench.running([bench.lathe, "work", "--log-level", "error"], env=environment) as process:
        time.sleep(SETTLE_SECONDS)
        before = bench.postgres.log.stat().st_size
        start = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - start
        with bench.postgres.log.open("rb") as log:
            log.seek(before)
            text = log.read().decode(errors="replace")
        if process.poll() is not None:
            raise SystemExit(f"lathe work ended with {process.returncode}")
    statements = STATEMENT.findall(text)
    rate = len(statements) / took
    kinds = collections.Counter(statement.strip()[:80] for statement in statements)
    bench.figures["idle"] = {"seconds": took, "statements": len(statements), "per_second": rate, "kinds": dict(kinds)}
    bench.say(f"  {len(statements)} statements in {took:.0f} s")
    for statement, count in kinds.most_common():
        bench.say(f"    {count / took:6.2f}/s  {statement}")
    bench.goal("statements a second when idle, at most 1", rate, lambda value: value <= 1)
