"""From the sending of an insert to the start of its handler, on a worker that sleeps."""

import json
import statistics
import time

from .bench import INSERT, Bench, quantile

FLOOR_INSERT = (
    f"WITH inserted AS ({INSERT.replace('upload_jobs', 'floor_jobs').format('$1')}) SELECT pg_notify('floor_jobs', '')")
POLL_SECONDS = 5
# A worker is given this long to start and to fall asleep, and these jobs to warm up.
START_SECONDS = 2
WARM_UP = 10


def measure(bench: Bench, worker: list, sender: list) -> list[float]:
    """Milliseconds from sending to start, without the warm-up's."""
    with bench.running(worker) as process:
        time.sleep(START_SECONDS)
        bench.run(sender)
        limit = POLL_SECONDS * 4
        try:
            output, _ = process.communicate(timeout=limit)
        except Exception as error:
            raise SystemExit(f"{worker[0]} did not see all jobs within {limit} s") from error
    found = json.loads(output)["latencies_ns"] if output.startswith("{") else [int(line) for line in output.split()]
    return [nanoseconds / 1e6 for nanoseconds in found[WARM_UP:]]


def percentiles(values: list[float]) -> dict:
    return {"p50_ms": quantile(values, 0.5), "p99_ms": quantile(values, 0.99)}


class Contestants:
    """How each system sends and receives a paced row of jobs."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.jobs = bench.options.latency_jobs + WARM_UP
        self.pace = bench.options.pace
        self.floor_program = bench.floor_program()
        bench.create_procrastinate()
        self.redis = bench.redis(durable=False)

    def floor(self) -> list[float]:
        bench = self.bench
        bench.fresh("bench")
        bench.postgres.sql("bench", "CREATE TABLE floor_jobs (LIKE upload_jobs INCLUDING ALL)")
        url = bench.postgres.url("bench")
        return measure(
            bench, [self.floor_program, "listen", url, self.jobs],
            [self.floor_program, "send", url, self.jobs, self.pace, FLOOR_INSERT])

    def lathe(self) -> list[float]:
        self.bench.fresh("bench")
        return self.lathe_as_it_is()

    def lathe_without_bell(self) -> list[float]:
        self.bench.fresh("bench")
        self.bench.disable_insert_triggers("bench")
        return self.lathe_as_it_is()

    def lathe_as_it_is(self) -> list[float]:
        bench = self.bench
        url = bench.postgres.url("bench")
        return measure(
            bench,
            bench.engine_command(
                "pickup", "bench", slots=10, connections=2, poll_seconds=POLL_SECONDS, jobs=self.jobs),
            [self.floor_program, "send", url, self.jobs, self.pace, INSERT.format("$1")])

    def procrastinate(self) -> list[float]:
        return self.peer("procrastinate", self.bench.postgres.url("procrastinate"))

    def bullmq(self) -> list[float]:
        self.redis.command("FLUSHALL")
        return self.peer("bullmq", self.redis.url)

    def peer(self, name: str, url: str) -> list[float]:
        return measure(
            self.bench, self.bench.peer(name, url, "pickup", self.jobs),
            self.bench.peer(name, url, "send", self.jobs, self.pace))


def latency(bench: Bench) -> None:
    contestants = Contestants(bench)
    systems = {
        "floor: bare libpq": contestants.floor, "lathe": contestants.lathe,
        "lathe without doorbell": contestants.lathe_without_bell, "Procrastinate": contestants.procrastinate,
        "BullMQ": contestants.bullmq,
    }
    samples: dict = {name: [] for name in systems}
    for number in range(bench.options.rounds):
        bench.say(f"  round {number + 1} of {bench.options.rounds}")
        for name, system in systems.items():
            samples[name].append(system())
    figures: dict = {}
    for name, rounds in samples.items():
        pooled = [value for values in rounds for value in values]
        figures[name] = {
            "jobs": len(pooled), **percentiles(pooled), "max_ms": max(pooled),
            "rounds": [percentiles(values) for values in rounds],
        }
        bench.say(f"  {name:24} p50 {figures[name]['p50_ms']:8.2f} ms   p99 {figures[name]['p99_ms']:8.2f} ms")
    bench.figures["latency"] = figures
    # Of the rounds' ratios the median: what disturbs the machine disturbs one round.
    pairs = list(zip(figures["lathe"]["rounds"], figures["floor: bare libpq"]["rounds"]))
    for percentile, limit in (("p50_ms", 1.3), ("p99_ms", 2.0)):
        ratio = statistics.median(ours[percentile] / floor[percentile] for ours, floor in pairs)
        figures[f"ratio_{percentile[:3]}"] = ratio
        bench.goal(f"lathe / floor {percentile[:3]}, at most {limit}", ratio, lambda value: value <= limit)
    # Polls are jittered by a tenth.
    bench.goal(f"slowest without doorbell in s, at most a poll of {POLL_SECONDS} s and its jitter",
               figures["lathe without doorbell"]["max_ms"] / 1000, lambda value: value <= POLL_SECONDS * 1.1 + 0.2)
