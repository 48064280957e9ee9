"""Eight concurrent writers with Lathe's insert triggers and without them, while every slot of the workers is taken."""

import statistics
import time

from .bench import INSERT, Bench, spread

WRITERS = 8
SLOTS = 4


def writers(bench: Bench) -> None:
    """Pairs in alternating order; each pair in one table, on one worker."""
    insert = INSERT.format("'/masters/benchmark.wav'") + ";\n"
    seconds = bench.options.writer_seconds
    bench.fresh("bench")
    triggers = bench.insert_triggers("bench")
    bench.postgres.sql("bench", (INSERT.format("'/masters/endless.wav'") + ";") * SLOTS)
    rates: dict = {True: [], False: []}
    with bench.running(bench.engine_command("occupy", "bench", slots=SLOTS, connections=1)):
        wait_until_busy(bench)
        for pair in range(bench.options.pairs):
            for enabled in (True, False) if pair % 2 == 0 else (False, True):
                bench.disable_insert_triggers("bench", enable=enabled)
                bench.postgres.sql(
                    "bench", "DELETE FROM upload_jobs WHERE status = 'PENDING'; VACUUM upload_jobs; CHECKPOINT")
                rates[enabled].append(
                    bench.pgbench("bench", insert, "-c", WRITERS, "-j", 2, "-T", seconds))
    ratio = statistics.median(with_them / without for with_them, without in zip(rates[True], rates[False]))
    bench.figures["writers"] = {
        "triggers": triggers, "with": spread(rates[True]), "without": spread(rates[False]), "ratio": ratio}
    bench.say(f"  triggers on insert: {', '.join(triggers) or 'none'}")
    enabled, disabled = (statistics.median(rates[state]) for state in (True, False))
    bench.say(f"  {enabled:.0f} inserts/s with them, {disabled:.0f} without")
    bench.goal("inserts of eight writers with triggers / without, at least 0.9", ratio, lambda value: value >= 0.9)


def wait_until_busy(bench: Bench) -> None:
    """All slots are taken, and the doorbell that the worker armed while it slept has run out."""
    running = "SELECT count(*) FROM upload_jobs WHERE status = 'UPLOADING'"
    silent = "SELECT coalesce(to_timestamp(pg_sequence_last_value('lathe_upload_armed_until')) < now(), true)"
    deadline = time.monotonic() + 60
    while int(bench.postgres.sql("bench", running)) < SLOTS or bench.postgres.sql("bench", silent) != "t":
        if time.monotonic() > deadline:
            raise SystemExit("the worker did not fill its slots")
        time.sleep(0.1)
