"""A connection to PostgreSQL that can't be used any more is left for another, and nobody hangs on it."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from postgres import postgres_server
from relay import relayed
from scripted import START, result
from sqlalchemy import text

from passback.delivery import Outbox, Submission
from passback.errors import OutboxError
from passback.store import DatabaseURL, Store, store


@pytest.fixture
def server():
    return postgres_server()


@pytest.fixture
def database(server):
    name = server.fresh()
    yield name
    server.execute(f"ALTER DATABASE {name} RESET ALL")
    server.empty_again(name)


@asynccontextmanager
async def opened(url):
    held = Store(DatabaseURL(url))
    await held.open()
    try:
        yield held
    finally:
        await held.close()


async def accepted(held, number):
    (answer,) = await Outbox(held).put([Submission.of(result(number), ["lms"])], START, tell=False)
    return answer.new


def end_all(server, database):
    server.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid()",
        database,
    )


def test_one_that_ended_while_nobody_used_it_is_noticed_by_nobody(server, database):
    async def check():
        async with opened(server.url(database)) as held:
            assert await accepted(held, 1)
            end_all(server, database)
            assert await accepted(held, 2)

    asyncio.run(check())


def test_one_that_began_where_nothing_may_be_written_is_not_kept(server, database):
    async def check():
        async with opened(server.url(database)) as held:
            server.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
            end_all(server, database)
            with pytest.raises(OutboxError, match="read-only"):
                await accepted(held, 1)
            server.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
            assert await accepted(held, 1)

    asyncio.run(check())


def test_one_that_fell_silent_is_ended(server, database, monkeypatch):
    monkeypatch.setattr(store, "_LONGEST", 1.0)

    async def check():
        async with relayed(server.port) as relay, opened(relay.of(server.url(database))) as held:
            assert await accepted(held, 1)
            relay.silence()
            began = time.monotonic()
            # What it began with hadn't done anything yet, so it's done by another connection.
            assert await accepted(held, 2)
            assert time.monotonic() - began < 20

    asyncio.run(check())


def test_one_that_fell_silent_within_a_transaction_fails_and_the_next_goes(server, database, monkeypatch):
    monkeypatch.setattr(store, "_LONGEST", 1.0)

    async def check():
        async with relayed(server.port) as relay, opened(relay.of(server.url(database))) as held:

            def silenced(db):
                relay.silence()
                db.scalar(text("SELECT 1"))

            with pytest.raises(OutboxError, match="can't be used"):
                await held.run(silenced)
            assert await accepted(held, 1)

    asyncio.run(check())
