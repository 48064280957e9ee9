"""What Lathe really sends while it drains, from the server's log, and whether peers/drain.sql still says the same."""

import collections
import re

from .bench import PEERS, Bench

BATCH = 10
ENTRY = re.compile(r"^statements\|LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)", re.MULTILINE)
# Binds, pgbench's variables, numbers and words in quotes: values, which may stand in either form.
VALUE = re.compile(r"\$\d+|(?<!:):\w+|'\w*'|\b\d+(\.\d+)?\b")


def normalised(sql: str) -> str:
    return re.sub(r"\s+", " ", VALUE.sub("?", re.sub(r"--.*", "", sql))).strip()


def statements(bench: Bench) -> None:
    """Captures one small drain. A difference is said, not refused: pgbench's half is then to be brought up to date."""
    bench.fresh("statements")
    bench.fill("statements", BATCH * 5)
    bench.postgres.sql("postgres", "ALTER DATABASE statements SET log_statement = 'all'")
    before = bench.postgres.log.stat().st_size
    bench.engine("drain", "statements", slots=BATCH, connections=1)
    text = bench.postgres.log.read_bytes()[before:].decode(errors="replace")
    counts = collections.Counter(re.sub(r"\n\t", "\n", entry) for entry in ENTRY.findall(text))
    bench.figures["statements"] = [{"count": count, "sql": sql} for sql, count in counts.most_common()]
    written = normalised((PEERS / "drain.sql").read_text())
    for kind, mark in (("claim", "SKIP LOCKED"), ("settle", "finished_at = CASE")):
        sent = [sql for sql in counts if mark in sql and '"upload_jobs"' in sql and "FOR UPDATE OF job" not in sql]
        # pgbench's claim stands in a CTE, so its parts are looked for one by one.
        parts = [part for sql in sent for part in re.split(r" \) (?=UPDATE)", normalised(sql))]
        same = bool(parts) and all(part in written for part in parts)
        times = sum(counts[sql] for sql in sent)
        bench.say(f"  {kind}: {times} statements for {BATCH * 5} jobs; "
                  f"{'the same as' if same else 'NOT the same as'} in peers/drain.sql")
