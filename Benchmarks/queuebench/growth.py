"""What old rows cost: finished jobs in the table, and dead versions kept by a transaction that stays open."""

import statistics
import subprocess
import time

from .bench import Bench, spread
from .statements import Replay, Statements
from .throughput import drain_with_lathe, drain_with_pgbench

BATCH = 50


def growth(bench: Bench) -> None:
    statements = Statements(bench, BATCH)
    claim = statements.claim
    finished = bench.options.finished_rows
    bench.fresh("grown")
    bench.say(f"  filling in {finished} finished jobs")
    fill_finished(bench, "grown", finished)
    rounds = [round_of(bench, statements) for _ in range(bench.options.rounds)]
    figures: dict = {"finished_rows": finished, "batch": BATCH}
    for index, name in enumerate(("lathe", "pgbench")):
        fresh, grown = ([values[table][index] for values in rounds] for table in ("bench", "grown"))
        ratio = statistics.median(old / new for old, new in zip(grown, fresh))
        figures[name] = {"fresh": spread(fresh), "grown": spread(grown), "ratio": ratio}
        bench.say(f"  {name}: {statistics.median(fresh):.0f} jobs/s in a fresh table, {statistics.median(grown):.0f} "
                  f"behind {finished} finished jobs, ratio {ratio:.2f}")
    bench.goal("lathe's throughput behind finished jobs / fresh, at least 0.8", figures["lathe"]["ratio"],
               lambda ratio: ratio >= 0.8)
    figures["claim_ms"] = claim_costs(bench, claim)
    figures["open_transaction"] = open_transaction(bench, claim)
    bench.figures["growth"] = figures


def round_of(bench: Bench, statements: Statements) -> dict:
    """Jobs a second with Lathe and with pgbench, in a fresh table and in the grown one."""
    jobs = bench.options.jobs
    rates = {}
    for database in ("bench", "grown"):
        if database == "bench":
            bench.fresh("bench")
        bench.cpu = []
        rates[database] = (
            drain_with_lathe(bench, database, jobs, BATCH, 2), drain_with_pgbench(bench, statements, database, jobs, 2))
    return rates


def fill_finished(bench: Bench, database: str, rows: int) -> None:
    bench.postgres.sql(database, f"""
        INSERT INTO upload_jobs (target_entity_id, job_type, local_path, status, attempt_count, started_at, finished_at)
        SELECT gen_random_uuid(), 'AUDIO', '/masters/' || n || '.wav', 'COMPLETED', 1, now(), now()
        FROM generate_series(1, {rows}) n;
        VACUUM (ANALYZE) upload_jobs; CHECKPOINT""")


def milliseconds(bench: Bench, database: str, claim: Replay, claims: int) -> float:
    return 1000 / claim.rate(bench, database, 1, claims)


def claim_costs(bench: Bench, claim: Replay) -> dict:
    """Milliseconds a claim, through one connection of pgbench."""
    claims = 20 if bench.options.quick else 200
    costs = {}
    for database in ("bench", "grown"):
        if database == "bench":
            bench.fresh("bench")
        bench.postgres.sql(database, "VACUUM (ANALYZE) upload_jobs")
        empty = milliseconds(bench, database, claim, claims)
        bench.fill(database, claims * BATCH)
        costs[database] = {"empty": empty, "batch": milliseconds(bench, database, claim, claims)}
        bench.postgres.sql(database, "DELETE FROM upload_jobs WHERE status = 'UPLOADING'")
    for kind in ("empty", "batch"):
        fresh, grown = costs["bench"][kind], costs["grown"][kind]
        bench.say(f"  {kind} claim: {fresh:.3f} ms in a fresh table, {grown:.3f} ms behind finished jobs")
    return costs


def open_transaction(bench: Bench, claim: Replay) -> dict:
    """Drains jobs under a snapshot that is older than they are, so that no dead version of theirs may be removed."""
    jobs, hold = bench.options.held_jobs, bench.options.hold
    claims = 20 if bench.options.quick else 100
    bench.fresh("bench")
    bench.cpu = []
    figures = {"jobs": jobs, "empty_before_ms": milliseconds(bench, "bench", claim, claims)}
    command = ["psql", "-XAtq", bench.postgres.url("bench")]
    with bench.running(command, stdin=subprocess.PIPE) as holder:
        holder.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM upload_jobs;\n")
        holder.stdin.flush()
        holder.stdout.readline()
        start = time.monotonic()
        figures["drain_jobs_per_second"] = drain_with_lathe(bench, "bench", jobs, BATCH, 2)
        figures["empty_after_drain_ms"] = milliseconds(bench, "bench", claim, claims)
        time.sleep(max(0, hold - (time.monotonic() - start)))
        figures["empty_at_end_ms"] = milliseconds(bench, "bench", claim, claims)
        bench.fill_plainly("bench", claims * BATCH)
        figures["batch_at_end_ms"] = milliseconds(bench, "bench", claim, claims)
        figures["held_seconds"] = time.monotonic() - start
    figures["empty_once_closed_ms"] = milliseconds(bench, "bench", claim, claims)
    bench.say(f"  a transaction open for {figures['held_seconds']:.0f} s, {jobs} jobs drained under it at "
              f"{figures['drain_jobs_per_second']:.0f} a second")
    bench.say("  empty claim: {empty_before_ms:.3f} ms before, {empty_after_drain_ms:.3f} after the drain, "
              "{empty_at_end_ms:.3f} at its end, {empty_once_closed_ms:.3f} once it was closed; "
              "a batch claim at its end {batch_at_end_ms:.3f} ms".format(**figures))
    return figures
