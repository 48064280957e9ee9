"""Lathe's own statements for pgbench, from the server's log of a small drain: nobody has to keep a copy of them."""

import collections
import dataclasses
import math
import re
import sys
from pathlib import Path

from .bench import Bench

ENTRY = re.compile(
    r"^capture\|LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)(?:\ncapture\|DETAIL:  [Pp]arameters: (.*))?",
    re.MULTILINE)
BIND = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclasses.dataclass
class Sent:
    """A statement as Lathe sent it."""

    sql: str
    binds: dict[int, str | None]

    def uuids(self, number: int) -> list[str] | None:
        """The ids in a bind that is an array of them."""
        elements = (self.binds[number] or "").lower().strip("{}").split(",")
        return elements if all(UUID.fullmatch(element) for element in elements) else None

    def settles(self, jobs: set[str]) -> int:
        """Of how many of these jobs it names the ids in one array."""
        arrays = [self.uuids(number) for number, value in self.binds.items() if (value or "").startswith("{")]
        return max((len(ids) for ids in arrays if ids and jobs.issuperset(ids)), default=0)


    @property
    def limit(self) -> int:
        """How many jobs it claims at most."""
        found = re.search(r"LIMIT (\$?)(\d+)", self.sql)
        if not found:
            return 0
        return int(self.binds[int(found[2])] or 0) if found[1] else int(found[2])


@dataclasses.dataclass
class Replay:
    """A pgbench script of one of Lathe's statements, with its binds."""

    script: Path
    binds: dict[str, str]
    batch: int

    def rate(self, bench: Bench, database: str, clients: int, transactions: int) -> float:
        """Transactions a second."""
        flags = [part for name, value in self.binds.items() for part in ("-D", f"{name}={value}")]
        return bench.pgbench(database, self.script, "-c", clients, "-j", clients, "-t", transactions, *flags)

    def drain(self, bench: Bench, database: str, jobs: int, clients: int) -> float:
        """Completed jobs a second.

        What a statement claims the next one settles, so each client leaves its last batch claimed; and one of two
        clients may find rows locked by the other's claim, which came too late for them but locked them to see that.
        """
        before = bench.completed(database)
        transactions = math.ceil(jobs / self.batch / clients)
        seconds = transactions * clients / self.rate(bench, database, clients, transactions)
        completed = bench.completed(database) - before
        if completed < 0.5 * jobs:
            sys.exit(f"pgbench completed {completed} of {jobs} jobs in batches of {self.batch} by {clients} clients")
        return completed / seconds


def capture(bench: Bench, batch: int) -> tuple[list[Sent], set[str]]:
    """Everything Lathe sends while it drains a few batches, and the ids of the jobs."""
    bench.fresh("capture")
    bench.fill("capture", batch * 6)
    jobs = set(bench.postgres.sql("capture", "SELECT id FROM upload_jobs").split())
    bench.postgres.sql("postgres", "ALTER DATABASE capture SET log_statement = 'all'")
    before = bench.postgres.log.stat().st_size
    bench.engine("drain", "capture", slots=batch, batch=batch, connections=1)
    text = bench.postgres.log.read_bytes()[before:].decode(errors="replace")
    sent = []
    for sql, binds in ENTRY.findall(text):
        values = {int(number): None if value == "NULL" else value[1:-1].replace("''", "'")
                  for number, value in BIND.findall(binds)}
        sent.append(Sent(sql.replace("\n\t", "\n"), values))
    return sent, jobs


def replay(bench: Bench, sent: Sent, name: str, batch: int, jobs: set[str]) -> Replay:
    """The statement with the ids and leases of its own last answer in the place of those it was sent with."""
    variables, texts = {}, {}
    settled = sent.settles(jobs)
    for number, value in sent.binds.items():
        if value is None:
            texts[number] = "NULL"
        elif value.startswith("{") and (ids := sent.uuids(number)):
            kind = "ids" if jobs.issuperset(ids) else "leases"
            variables[kind] = "{}"
            texts[number] = f":{kind}::uuid[]"
        elif UUID.fullmatch(value):
            texts[number] = ":worker::uuid"
        else:
            value = sized(value, settled, batch)
            variables[f"bind{number}"] = value
            texts[number] = f":bind{number}{cast(value)}"
    sql = re.sub(r"\$(\d+)", lambda match: texts[int(match[1])], answering_arrays(sent.sql))
    script = bench.scratch / f"{name}-{batch}.sql"
    script.write_text(sql + "\n\\gset\n")
    return Replay(script, variables, batch)


def sized(value: str, settled: int, batch: int) -> str:
    """What stands for each settled job, and their number, brought to the size of a claim."""
    if value.startswith("{") and value.count(",") == settled - 1:
        return "{" + ",".join(value[1:-1].split(",")[:batch]) + "}"
    return str(batch) if value == str(settled) else value


def cast(value: str) -> str:
    """Lathe sends numbers with their types and leaves text untyped."""
    elements, suffix = (value[1:-1].split(","), "[]") if value.startswith("{") else ([value], "")
    if all(re.fullmatch(r"-?\d+", element) for element in elements):
        return f"::int8{suffix}"
    if all(re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", element) for element in elements):
        return f"::float8{suffix}"
    return ""


def answering_arrays(sql: str) -> str:
    """Makes the statement's last part one more CTE, and its ids and leases the one row that \\gset takes."""
    depth, at = 0, None
    for token in re.finditer(r"'(?:[^']|'')*'|\"[^\"]*\"|[()]|\b(?:SELECT|UPDATE|INSERT|DELETE)\b", sql):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0].isalpha():
            at = token.start()
            break
    if at is None or not sql.lstrip().startswith("WITH"):
        sys.exit(f"this statement of Lathe's cannot be given to pgbench:\n{sql}")
    arrays = ", ".join(
        f"coalesce(array_agg({column}) FILTER (WHERE {column} IS NOT NULL), '{{}}') AS {name}"
        for column, name in (("id", "ids"), ("lease_token", "leases")))
    return f"{sql[:at].rstrip()}, answer AS (\n{sql[at:].rstrip()}\n)\nSELECT {arrays} FROM answer"


class Statements:
    """For a batch: the statement that settles it and claims the next, and one that only claims."""

    def __init__(self, bench: Bench, batch: int) -> None:
        sent, jobs = capture(bench, batch)
        claims = [each for each in sent if "SKIP LOCKED" in each.sql and "attempt_count + 1" in each.sql]
        if not any(each.settles(jobs) for each in claims):
            sys.exit("no statement of Lathe's that settles jobs and claims others was found in the server's log")
        # One that settles as many as it claims is what a steady drain sends.
        settling = max(claims, key=lambda each: (each.settles(jobs) == each.limit, each.settles(jobs)))
        self.exchanges = collections.Counter((each.settles(jobs), each.limit) for each in claims)
        counts = collections.Counter(each.sql for each in sent)
        self.sent = [{"count": count, "sql": sql} for sql, count in counts.most_common()]
        self.per_job = len(sent) / len(jobs)
        self.claim = replay(bench, min(claims, key=lambda each: each.settles(jobs)), "claim", batch, jobs)
        self.exchange = replay(bench, settling, "exchange", settling.limit, jobs)

    def describe(self) -> str:
        shapes = ", ".join(f"{count} x {settled} settled and {limit} asked for"
                           for (settled, limit), count in sorted(self.exchanges.items(), reverse=True))
        return f"{self.per_job:.2f} statements a job: {shapes}; pgbench runs that of {self.exchange.batch} jobs"
