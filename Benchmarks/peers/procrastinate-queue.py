"""Procrastinate's half of Benchmarks/queue: `drain` and `pickup` print one line of JSON.

    procrastinate-queue.py URL schema
    procrastinate-queue.py URL drain JOBS CONCURRENCY
    procrastinate-queue.py URL pickup JOBS
    procrastinate-queue.py URL send JOBS MILLISECONDS
"""

import asyncio
import json
import logging
import random
import sys
import time

import procrastinate

url, action, *numbers = sys.argv[1:]
jobs, second = (*(int(number) for number in numbers), 0, 0)[:2]
connections = min(second, 10) + 2 if action == "drain" else 4
connector = procrastinate.PsycopgConnector(conninfo=url, min_size=connections, max_size=connections)
app = procrastinate.App(connector=connector)
latencies: list[int] = []
started = 0


@app.task(name="noop")
async def noop() -> None:
    global started
    started += 1


@app.task(name="pickup")
async def pickup(sent: int) -> None:
    latencies.append(time.monotonic_ns() - sent)


async def drain() -> dict:
    for first in range(0, jobs, 1000):
        await noop.batch_defer_async(*({} for _ in range(min(1000, jobs - first))))
    start, cpu = time.monotonic(), time.process_time()
    await app.run_worker_async(concurrency=second, wait=False, install_signal_handlers=False)
    return {"jobs": started, "seconds": time.monotonic() - start, "cpu_seconds": time.process_time() - cpu}


async def measure_pickup() -> dict:
    worker = asyncio.create_task(app.run_worker_async(concurrency=1, install_signal_handlers=False))
    while len(latencies) < jobs:
        await asyncio.sleep(0.05)
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    return {"latencies_ns": latencies}


async def send() -> None:
    for _ in range(jobs):
        await asyncio.sleep(second / 1000 * random.uniform(0.5, 1.5))
        await pickup.defer_async(sent=time.monotonic_ns())


async def main() -> None:
    logging.disable(logging.CRITICAL)
    async with app.open_async():
        if action == "schema":
            await app.schema_manager.apply_schema_async()
        elif action == "send":
            await send()
        else:
            print(json.dumps(await (drain() if action == "drain" else measure_pickup())), flush=True)


asyncio.run(main())
