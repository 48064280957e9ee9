"""Where Lathe's own process spends its time while it drains, by perf."""

import shutil
import subprocess

from .bench import Bench

TOP = 15


def profile(bench: Bench) -> None:
    """Not one of the measurements: perf slows what it watches."""
    if not shutil.which("perf"):
        bench.say("  skipped: perf was not found")
        return
    bench.fresh("bench")
    bench.fill("bench", bench.options.jobs)
    data = bench.scratch / "perf.data"
    # No hardware counters in a virtual machine: the CPU clock is there everywhere.
    record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "2000", "-g", "-o", data]
    answer = bench.run_json([*record, *bench.engine_command("drain", "bench", slots=50, connections=2)])
    rate, cost = answer["jobs"] / answer["seconds"], answer["cpu_seconds"] / answer["jobs"] * 1e6
    bench.say(f"  {rate:.0f} jobs/s, {cost:.0f} us of CPU a job, under perf")
    figures = bench.figures["profile"] = {}
    for title, flags in (
        ("by thread", ["--no-children", "--sort", "comm"]),
        ("by library", ["--no-children", "--sort", "dso"]),
        ("symbols by their own time", ["--no-children", "--sort", "sym"]),
        ("user symbols with all they call", ["--children", "--sort", "sym"]),
    ):
        report = bench.run(["perf", "report", "-i", data, "-g", "none", *flags])
        lines = [line.strip() for line in report.splitlines() if line.strip() and not line.startswith("#")]
        if "--children" in flags:
            lines = [line for line in lines if "[k]" not in line]
        lines = demangled("\n".join(lines[: TOP * (2 if "--children" in flags else 1)])).splitlines()
        figures[title] = lines
        bench.say(f"  {title}")
        for line in lines:
            bench.say(f"    {line[:150]}")


def demangled(text: str) -> str:
    if not shutil.which("swift"):
        return text
    command = ["swift", "demangle", "--compact", "--simplified"]
    return subprocess.run(command, input=text, capture_output=True, text=True).stdout or text
