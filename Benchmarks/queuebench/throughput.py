"""No-op jobs a second: Lathe, its own statements in pgbench, Procrastinate, BullMQ."""

import statistics
from functools import partial

from .bench import Bench, spread
from .statements import Statements

BATCHES = [10, 50, 100]
CONNECTIONS = [1, 2]
PEER_CONCURRENCIES = [1, 10, 50]


def drain_with_lathe(bench: Bench, database: str, jobs: int, batch: int, connections: int) -> float:
    bench.fill(database, jobs)
    before = bench.completed(database)
    answer = bench.engine("drain", database, slots=batch, connections=connections)
    if answer["jobs"] != jobs or bench.completed(database) != before + jobs:
        raise SystemExit(f"lathe completed {answer['jobs']} of {jobs} jobs")
    bench.cpu.append(answer["cpu_seconds"] / jobs * 1e6)
    return jobs / answer["seconds"]


def drain_with_pgbench(bench: Bench, statements: Statements, database: str, jobs: int, clients: int) -> float:
    bench.fill(database, jobs)
    return statements.exchange.drain(bench, database, jobs, clients)


def drain_with_procrastinate(bench: Bench, jobs: int, concurrency: int) -> float:
    bench.postgres.sql("procrastinate", "TRUNCATE procrastinate_jobs CASCADE; CHECKPOINT")
    url = bench.postgres.url("procrastinate")
    answer = bench.run_json(bench.peer("procrastinate", url, "drain", jobs, concurrency))
    return answer["jobs"] / answer["seconds"]


def drain_with_bullmq(bench: Bench, redis, jobs: int, concurrency: int) -> float:
    redis.command("FLUSHALL")
    answer = bench.run_json(bench.peer("bullmq", redis.url, "drain", jobs, concurrency))
    return answer["jobs"] / answer["seconds"]


def throughput(bench: Bench) -> None:
    """Every round measures everything once; the peers run at the concurrency that was best in the first."""
    options = bench.options
    jobs, peer_jobs = options.jobs, options.peer_jobs
    statements = {batch: Statements(bench, batch) for batch in BATCHES}
    bench.figures["statements"] = {batch: found.sent for batch, found in statements.items()}
    for batch, found in statements.items():
        bench.say(f"  batch {batch}: {found.describe()}")
    bench.create_procrastinate()
    redises = {"BullMQ": bench.redis(durable=False), "BullMQ, AOF fsync always": bench.redis(durable=True)}
    peers = {"Procrastinate": partial(drain_with_procrastinate, bench, peer_jobs)}
    for name, redis in redises.items():
        peers[name] = partial(drain_with_bullmq, bench, redis, peer_jobs)
    shapes = [(batch, connections) for batch in BATCHES for connections in CONNECTIONS]
    lathe: dict = {shape: [] for shape in shapes}
    pgbench: dict = {shape: [] for shape in shapes}
    cpu: dict = {shape: [] for shape in shapes}
    peer_rates: dict = {name: [] for name in peers}
    best: dict = {}
    for number in range(options.rounds):
        bench.say(f"  round {number + 1} of {options.rounds}")
        for shape in shapes:
            bench.fresh("bench")
            bench.cpu = cpu[shape]
            lathe[shape].append(drain_with_lathe(bench, "bench", jobs, *shape))
            bench.fresh("bench")
            pgbench[shape].append(drain_with_pgbench(bench, statements[shape[0]], "bench", jobs, shape[1]))
        for name, drain in peers.items():
            if name not in best:
                tried = {concurrency: drain(concurrency) for concurrency in PEER_CONCURRENCIES}
                best[name] = max(tried, key=tried.get)
                peer_rates[name].append(tried[best[name]])
            else:
                peer_rates[name].append(drain(best[name]))
    report(bench, lathe, pgbench, cpu, peer_rates, best)


def report(bench: Bench, lathe: dict, pgbench: dict, cpu: dict, peer_rates: dict, best: dict) -> None:
    rows = []
    bench.say("  batch  connections   lathe/s  pgbench/s  ratio  client CPU us/job")
    for batch, connections in lathe:
        shape = (batch, connections)
        ratio = statistics.median(ours / theirs for ours, theirs in zip(lathe[shape], pgbench[shape]))
        ours, theirs, micros = (statistics.median(rates[shape]) for rates in (lathe, pgbench, cpu))
        bench.say(f"  {batch:5}  {connections:11}  {ours:8.0f}  {theirs:9.0f}  {ratio:5.2f}  {micros:17.1f}")
        rows.append({"batch": batch, "connections": connections, "lathe": spread(lathe[shape]),
                     "pgbench": spread(pgbench[shape]), "ratio": ratio, "client_cpu_us_per_job": micros})
    fastest = max(rows, key=lambda row: row["lathe"]["median"])
    bench.figures["throughput"] = {"jobs": bench.options.jobs, "shapes": rows, "peers": {}}
    for name, rates in peer_rates.items():
        ratio = statistics.median(ours / theirs for ours, theirs in zip(fastest["lathe"]["rounds"], rates))
        bench.say(f"  {name}: {statistics.median(rates):.0f} jobs/s at concurrency {best[name]}; lathe {ratio:.1f} x")
        bench.figures["throughput"]["peers"][name] = spread(rates) | {"concurrency": best[name], "lathe_ratio": ratio}
    for row in rows:
        bench.goal(f"lathe / pgbench at batch {row['batch']}, {row['connections']} connections, at least 0.8",
                   row["ratio"], lambda ratio: ratio >= 0.8)
    ratios = {name: peer["lathe_ratio"] for name, peer in bench.figures["throughput"]["peers"].items()}
    bench.goal("lathe / Procrastinate, at least 20", ratios["Procrastinate"], lambda ratio: ratio >= 20)
    bench.goal("lathe / BullMQ, at least 8", ratios["BullMQ"], lambda ratio: ratio >= 8)
