"""What Passback's own tables allow: the same rows written, leased and settled by hand, and nothing else done.

The statements are the least that keep a result in exactly one state: a result and its delivery in one durable
transaction, a lease in a second, its outcome with the event and the connection's row in a third.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import msgspec
from load import BATCH, write_configuration
from rows import Row

from passback import Passback, Result, canonical
from passback.store import whose

__all__ = ["own_tables_on_postgres", "own_tables_on_sqlite"]

_CONNECTION = "lrs0"
_RESULT = (
    "INSERT INTO result (seq, id, organisation, learner, whose, activity, kind, at, body, accepted, routed) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, true)"
)
_DELIVERY = (
    "INSERT INTO delivery "
    "(seq, result, connection, state, due, attempts, absent, alone, reason, changed, kept_from) "
    f"VALUES ($1, $1, '{_CONNECTION}', 0, 0, 0, 0, false, '', 1, 1)"
)
_DUE = (
    "SELECT d.seq, r.body FROM delivery AS d JOIN result AS r ON r.seq = d.result "
    f"WHERE d.connection = '{_CONNECTION}' AND d.state = 0 AND d.due + 0 <= 1 ORDER BY d.result LIMIT {BATCH}"
)
_TAKE = "UPDATE delivery SET lease = 7, due = 99, attempts = attempts + 1 WHERE seq IN ({seqs})"
_EVENT = (
    "INSERT INTO event (connection, kind, at, took, summary, delivered) "
    f"VALUES ('{_CONNECTION}', 'sent', 1, 1, '', {BATCH}) RETURNING id"
)
_SETTLE = (
    "UPDATE delivery SET state = 1, lease = NULL, due = 0, changed = 2, event = $2 "
    "WHERE lease = 7 AND state + 0 = 0 AND seq IN ({seqs})"
)
_WELL = f"UPDATE connection SET last_success = 2 WHERE name = '{_CONNECTION}'"
_SEQS = {
    "sqlite": "SELECT value FROM json_each($1)",
    "postgresql": "SELECT json_array_elements_text($1::json)::bigint",
}


async def own_tables_on_sqlite(folder: Path, port: int, results: Sequence[Result]) -> Row:
    """Measure sqlite3 by hand on Passback's tables, in transactions of BATCH."""
    row = Row(f"limit: sqlite3 by hand on Passback's tables, no HTTP, commits of {BATCH}")
    async with Passback.from_file(write_configuration(folder, port), deliver=False):
        pass
    path = folder / "passback.db"
    db = sqlite3.connect(path, isolation_level=None)
    insert, deliver, take, settle = (_for("sqlite", each) for each in (_RESULT, _DELIVERY, _TAKE, _SETTLE))
    rows = _rows(results)
    with row.measured(len(rows)):
        db.execute("PRAGMA synchronous = FULL")
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            db.execute("BEGIN IMMEDIATE")
            db.executemany(insert, some)
            db.executemany(deliver, [each[:1] for each in some])
            db.execute("COMMIT")
        db.execute("PRAGMA synchronous = NORMAL")
        while True:
            db.execute("BEGIN IMMEDIATE")
            seqs = msgspec.json.encode([seq for seq, _ in db.execute(_DUE)]).decode()
            db.execute(take, (seqs,))
            db.execute("COMMIT")
            if seqs == "[]":
                break
            db.execute("BEGIN IMMEDIATE")
            event = db.execute(_EVENT).fetchone()[0]
            db.execute(settle, (seqs, event))
            db.execute(_WELL)
            db.execute("COMMIT")
    db.close()
    row.disk = path.stat().st_size / len(rows)
    return row


async def own_tables_on_postgres(url: str, folder: Path, port: int, results: Sequence[Result]) -> Row:
    """Measure asyncpg by hand on Passback's tables, in transactions of BATCH."""
    row = Row(f"limit: asyncpg by hand on Passback's tables, no HTTP, commits of {BATCH}")
    async with Passback.from_file(write_configuration(folder, port, store=url), deliver=False):
        pass
    db = await asyncpg.connect(url, server_settings={"search_path": "passback"})
    take, settle = (_for("postgresql", each) for each in (_TAKE, _SETTLE))
    rows = _rows(results)
    with row.measured(len(rows)):
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            async with db.transaction():
                await db.executemany(_RESULT, some)
                await db.executemany(_DELIVERY, [each[:1] for each in some])
        await db.execute("SET synchronous_commit = off")
        while True:
            async with db.transaction():
                found = [each["seq"] for each in await db.fetch(f"{_DUE} FOR UPDATE OF d")]
                seqs = msgspec.json.encode(found).decode()
                await db.execute(take, seqs)
            if not found:
                break
            async with db.transaction():
                await db.execute(settle, seqs, await db.fetchval(_EVENT))
                await db.execute(_WELL)
    await db.close()
    return row


def _for(engine: str, statement: str) -> str:
    text = statement.format(seqs=_SEQS[engine])
    return text if engine == "postgresql" else re.sub(r"\$(\d)", r"?\1", text)


def _rows(results: Sequence[Result]) -> list[tuple[object, ...]]:
    return [
        (
            number,
            each.id,
            each.organisation,
            each.learner.id,
            whose(each.organisation, each.learner.id),
            each.activity.id,
            each.kind.value,
            number,
            canonical(each),
        )
        for number, each in enumerate(results, 1)
    ]
