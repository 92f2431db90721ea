"""The whole path of a result, beside the limits it is held to in the same run.

Rates depend on the machine; the ratios and the CPU column are what counts (benchmarks/README.md).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import msgspec
from rich.console import Console
from rich.table import Table

from passback import Activity, Learner, Passback, Result, Score, canonical
from passback_xapi import XapiOptions, to_statement

COUNT = 10_000
BATCH = 100
CONFIG = """
[connections.lrs]
connector = "xapi"
contact = "a@example.com"
options = {{ url = "http://127.0.0.1:{port}/xapi/", key = "k", secret = "s" }}
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
sending = {{ batch = {batch}, linger = 0 }}
"""


class Row:
    """What was measured for one line of the table."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rate = 0.0
        self.cpu = 0.0

    @contextmanager
    def measured(self, count: int) -> Iterator[None]:
        """Measure what happens inside: results per second, and CPU milliseconds per 1,000."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.rate = count / (time.perf_counter() - wall)
        self.cpu = (time.process_time() - cpu) / count * 1e6


def made(count: int) -> list[Result]:
    """Return `count` different results."""
    return [
        Result(
            id=f"{os.urandom(16).hex()}",
            kind="completed",
            learner=Learner(id=f"learner-{number % 500}@example.com", name="A Learner"),
            activity=Activity(id=f"https://content.example.com/{number % 20}", name="An activity"),
            at=datetime(2026, 11, 21, 9, number % 60, tzinfo=UTC),
            score=Score(raw=number % 101, min=0, max=100, scaled=number % 101 / 100),
            success=True,
        )
        for number in range(count)
    ]


def raw_store(folder: Path, results: list[Result]) -> Row:
    """Measure sqlite3 by hand: insert durably, lease and settle, in transactions of BATCH."""
    row = Row(f"limit: raw sqlite3, no HTTP, commits of {BATCH}")
    bodies = [canonical(each) for each in results]
    db = sqlite3.connect(folder / "raw.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(
        "CREATE TABLE r (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, body BLOB, state INT, due INT, lease INT)"
    )
    db.execute("CREATE INDEX due ON r (due, seq) WHERE state = 0")
    with row.measured(len(results)):
        db.execute("PRAGMA synchronous = FULL")
        for start in range(0, len(results), BATCH):
            chunk = zip(results[start : start + BATCH], bodies[start : start + BATCH], strict=True)
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO r VALUES (NULL, ?, ?, 0, 0, NULL)", [(r.id, b) for r, b in chunk])
            db.execute("COMMIT")
        db.execute("PRAGMA synchronous = NORMAL")
        while True:
            db.execute("BEGIN IMMEDIATE")
            due = "SELECT seq FROM r WHERE state = 0 AND due <= 1 ORDER BY due, seq LIMIT ?"
            leased = db.execute(
                f"UPDATE r SET due = 99, lease = 7 WHERE seq IN ({due}) RETURNING seq, body", (BATCH,)
            ).fetchall()
            db.execute("COMMIT")
            if not leased:
                break
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "UPDATE r SET state = 1, lease = NULL WHERE seq = ? AND lease = 7", [(s,) for s, _ in leased]
            )
            db.execute("COMMIT")
    db.close()
    return row


async def raw_posts(port: int, results: list[Result]) -> Row:
    """Measure a bare loop that posts ready-made statements in batches of BATCH."""
    row = Row(f"limit: bare httpx2 loop, {BATCH} statements a POST, no store")
    options = XapiOptions.model_validate({"url": f"http://127.0.0.1:{port}/xapi/", "key": "k", "secret": "s"})
    statements = [to_statement(each, options) for each in results]
    async with httpx2.AsyncClient(trust_env=False) as client:
        with row.measured(len(results)):
            for start in range(0, len(statements), BATCH):
                body = msgspec.json.encode(statements[start : start + BATCH])
                headers = {"content-type": "application/json"}
                (
                    await client.post(f"{options.url}statements", content=body, headers=headers)
                ).raise_for_status()
    return row


async def passback_rows(folder: Path, port: int, results: list[Result]) -> list[Row]:
    """Measure Passback: accepting one by one and in bulk, and delivering."""
    single, crowd, bulk, drain, whole = (
        Row("passback: submit, one after another"),
        Row("passback: submit, 100 at a time from 100 tasks"),
        Row("passback: submit_many"),
        Row(f"passback: deliver, {BATCH} a request"),
        Row("passback: the whole path, submit_many and deliver"),
    )
    (folder / "passback.toml").write_text(CONFIG.format(port=port, batch=BATCH), "utf-8")
    config = folder / "passback.toml"
    async with Passback.from_file(config, deliver=False) as pb:
        with single.measured(300):
            for each in made(300):
                await pb.submit(each)
        with crowd.measured(3000):
            few = made(3000)
            for start in range(0, 3000, 100):
                await asyncio.gather(*(pb.submit(each) for each in few[start : start + 100]))
        with bulk.measured(len(results)):
            await pb.submit_many(results)
    async with Passback.from_file(config) as pb:
        await pb.drain()
        fresh = made(len(results))
        async with Passback.from_file(config, deliver=False) as other:
            await other.submit_many(fresh)
        with drain.measured(len(fresh)):
            await pb.drain()
        fresh = made(len(results))
        with whole.measured(len(fresh)):
            await pb.submit_many(fresh)
            await pb.drain()
    return [single, crowd, bulk, drain, whole]


def main() -> None:
    """Measure and print the table."""
    sink = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("sink.py"))], stdout=subprocess.PIPE, text=True
    )
    try:
        port = int((sink.stdout or sys.stdin).readline())
        results = made(COUNT)
        with tempfile.TemporaryDirectory() as folder:
            rows = [raw_store(Path(folder), results), asyncio.run(raw_posts(port, results))]
            rows += asyncio.run(passback_rows(Path(folder), port, results))
    finally:
        sink.kill()
        sink.wait()
    table = Table(title=f"{COUNT} results on this machine", box=None, title_justify="left")
    for column in ("", "results/s", "CPU ms per 1,000", "rate / raw store", "CPU / raw store"):
        table.add_column(column, justify="left" if not column else "right")
    for row in rows:
        ratios = (f"{row.rate / rows[0].rate:.2f}", f"{row.cpu / rows[0].cpu:.1f}")
        table.add_row(row.name, f"{row.rate:,.0f}", f"{row.cpu:.0f}", *ratios)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
