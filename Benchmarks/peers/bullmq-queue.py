"""BullMQ's half of Benchmarks/queue: `drain` and `pickup` print one line of JSON.

    bullmq-queue.py URL drain JOBS CONCURRENCY
    bullmq-queue.py URL pickup JOBS
    bullmq-queue.py URL send JOBS MILLISECONDS
"""

import asyncio
import json
import random
import sys
import time

from bullmq import Queue, Worker

url, action, *numbers = sys.argv[1:]
jobs, second = (*(int(number) for number in numbers), 0, 0)[:2]
latencies: list[int] = []
completed = 0
finished = asyncio.Event()


async def noop(job, token) -> None:
    pass


async def pickup(job, token) -> None:
    latencies.append(time.monotonic_ns() - job.data["sent"])
    if len(latencies) == jobs:
        finished.set()


def count(*_) -> None:
    global completed
    completed += 1
    if completed == jobs:
        finished.set()


async def drain(queue: Queue) -> dict:
    for first in range(0, jobs, 1000):
        await queue.addBulk([{"name": "noop", "data": {}} for _ in range(min(1000, jobs - first))])
    start, cpu = time.monotonic(), time.process_time()
    worker = Worker("drain", noop, {"connection": url, "concurrency": second})
    worker.on("completed", count)
    await finished.wait()
    figures = {"jobs": completed, "seconds": time.monotonic() - start, "cpu_seconds": time.process_time() - cpu}
    await worker.close(force=True)
    return figures


async def measure_pickup() -> dict:
    worker = Worker("pickup", pickup, {"connection": url, "concurrency": 1})
    await finished.wait()
    await worker.close(force=True)
    return {"latencies_ns": latencies}


async def send(queue: Queue) -> None:
    for _ in range(jobs):
        await asyncio.sleep(second / 1000 * random.uniform(0.5, 1.5))
        await queue.add("pickup", {"sent": time.monotonic_ns()})


async def main() -> None:
    queue = Queue("drain" if action == "drain" else "pickup", {"connection": url})
    if action == "send":
        await send(queue)
    else:
        print(json.dumps(await (drain(queue) if action == "drain" else measure_pickup())), flush=True)
    await queue.close()


asyncio.run(main())
