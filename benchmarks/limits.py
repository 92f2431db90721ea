"""What bounds Passback on this machine: the store by hand, and a loop that only posts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import httpx2
import msgspec
from load import BATCH
from rows import Row

from passback import Result, canonical
from passback_xapi import XapiOptions, to_statement

__all__ = ["raw_posts", "raw_store"]


def raw_store(folder: Path, results: Sequence[Result]) -> Row:
    """Measure sqlite3 by hand: insert durably, lease and settle, in transactions of BATCH."""
    row = Row(f"limit: raw sqlite3, no HTTP, commits of {BATCH}")
    bodies = [canonical(each) for each in results]
    path = folder / "raw.db"
    db = sqlite3.connect(path, isolation_level=None)
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
        while leased := _leased(db):
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "UPDATE r SET state = 1, lease = NULL WHERE seq = ? AND lease = 7", [(s,) for s, _ in leased]
            )
            db.execute("COMMIT")
    db.close()
    row.disk = path.stat().st_size / len(results)
    return row


def _leased(db: sqlite3.Connection) -> list[tuple[int, bytes]]:
    due = "SELECT seq FROM r WHERE state = 0 AND due <= 1 ORDER BY due, seq LIMIT ?"
    db.execute("BEGIN IMMEDIATE")
    leased = db.execute(
        f"UPDATE r SET due = 99, lease = 7 WHERE seq IN ({due}) RETURNING seq, body", (BATCH,)
    ).fetchall()
    db.execute("COMMIT")
    return leased


async def raw_posts(port: int, results: Sequence[Result]) -> Row:
    """Measure a bare loop that posts statements which are ready, in batches of BATCH."""
    row = Row(f"limit: bare httpx2 loop, {BATCH} ready statements a POST, no store")
    options = XapiOptions.model_validate({"url": f"http://127.0.0.1:{port}/xapi/", "key": "k", "secret": "s"})
    statements = [to_statement(each, options) for each in results]
    headers = {"content-type": "application/json"}
    async with httpx2.AsyncClient(trust_env=False) as client:
        with row.measured(len(results)):
            for start in range(0, len(statements), BATCH):
                body = msgspec.json.encode(statements[start : start + BATCH])
                answer = await client.post(f"{options.url}statements", content=body, headers=headers)
                answer.raise_for_status()
    return row
