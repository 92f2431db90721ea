"""PostgreSQL: what bounds it (asyncpg by hand), and one and several workers that share it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import asyncpg
import httpx2
from load import BATCH, made, write_configuration
from rows import Row
from scenarios import arrived, until

from passback import Passback, Result, canonical

__all__ = ["postgres", "raw_asyncpg", "workers"]

_HERE = Path(__file__).parent
_CONNECTIONS = 16
_TABLE = """
CREATE TABLE r (
    seq bigserial PRIMARY KEY, id text UNIQUE, body bytea, state smallint, due bigint, lease bigint
);
CREATE INDEX due ON r (due, seq) WHERE state = 0
"""
_INSERT = "INSERT INTO r (id, body, state, due) VALUES ($1, $2, 0, 0)"
_LEASE = """
UPDATE r SET due = 99, lease = 7 WHERE seq IN
    (SELECT seq FROM r WHERE state = 0 AND due <= 1 ORDER BY due, seq LIMIT $1 FOR UPDATE)
RETURNING seq, body
"""
_SETTLE = "UPDATE r SET state = 1, lease = NULL WHERE seq = ANY($1) AND lease = 7"


@contextmanager
def postgres() -> Iterator[Callable[[], str]]:
    """Run the server that the tests use; yield what returns the URL of an empty database in it."""
    sys.path.insert(0, str(_HERE.parent / "core/tests/support"))
    server = import_module("postgres").PostgresServer(fsync="on", autovacuum="on")
    server.start()
    try:
        yield lambda: str(server.url(server.empty()))
    finally:
        server.remove()


async def raw_asyncpg(url: str, results: Sequence[Result]) -> Row:
    """Measure asyncpg by hand: insert durably, lease and settle, in transactions of BATCH."""
    row = Row(f"limit: raw asyncpg, no HTTP, commits of {BATCH}")
    bodies = [(each.id, canonical(each)) for each in results]
    db = await asyncpg.connect(url)
    await db.execute(_TABLE)
    with row.measured(len(results)):
        for start in range(0, len(bodies), BATCH):
            async with db.transaction():
                await db.executemany(_INSERT, bodies[start : start + BATCH])
        await db.execute("SET synchronous_commit = off")
        while leased := await db.fetch(_LEASE, BATCH):
            await db.execute(_SETTLE, [each["seq"] for each in leased])
    await db.close()
    return row


async def workers(url: str, port: int, many: int, count: int) -> Row:
    """Measure what `many` workers deliver of what is queued, all of them together."""
    row = Row(f"passback on PostgreSQL: deliver, {many} worker{'s' if many > 1 else ''}")
    with tempfile.TemporaryDirectory() as folder:
        config = write_configuration(Path(folder), port, _CONNECTIONS, url)
        async with Passback.from_file(config, deliver=False) as pb:
            await pb.submit_many(made(count, _CONNECTIONS))
        async with httpx2.AsyncClient(trust_env=False) as client:
            before = await arrived(client, port)
            command = [sys.executable, str(_HERE / "scenarios.py"), "work", str(port), folder]
            started = [_worker(command) for _ in range(many)]
            begun = await until(client, port, before + count // 4)
            wall = time.perf_counter()
            row.rate = (await until(client, port, before + count) - begun) / (time.perf_counter() - wall)
        said = [each.communicate()[0] for each in started]
    row.cpu = sum(map(float, said)) / count * 1e6
    return row


def _worker(command: Sequence[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
