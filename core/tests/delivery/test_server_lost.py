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


@pytest.fixture
def role(server, database):
    """Somebody who may use the database, and whose password is *one*."""
    name = f"user_of_{database}"
    server.execute(f"CREATE ROLE {name} SUPERUSER LOGIN PASSWORD 'one'")
    yield name
    server.execute(f"DROP ROLE {name}")


@asynccontextmanager
async def opened(url, *again):
    held = Store(DatabaseURL(url, *again))
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


def test_the_one_that_follows_one_that_fell_silent_gets_as_long(server, database, monkeypatch):
    monkeypatch.setattr(store, "_LONGEST", 2.0)

    async def check():
        async with relayed(server.port) as relay, opened(relay.of(server.url(database))) as held:
            relay.silence()
            relay.delay = 0.03
            assert await accepted(held, 1)
            relay.delay = 0

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


def test_a_password_that_was_changed_is_read_again(server, database, role):
    async def check():
        base = f"@127.0.0.1:{server.port}/{database}"
        urls = [f"postgresql://{role}:one{base}"]
        async with opened(urls[0], lambda: urls[-1]) as held:
            server.execute(f"ALTER ROLE {role} PASSWORD 'two'")
            end_all(server, database)
            with pytest.raises(OutboxError, match="authentication failed"):
                await accepted(held, 1)
            urls.append(f"postgresql://{role}:two{base}")
            assert await accepted(held, 1)

    asyncio.run(check())


def test_a_url_that_leads_to_another_outbox_by_now_is_refused(server, database, role):
    async def check():
        base = f"@127.0.0.1:{server.port}"
        other = f"postgresql://{role}:two{base}/postgres"
        async with opened(f"postgresql://{role}:one{base}/{database}", lambda: other) as held:
            server.execute(f"ALTER ROLE {role} PASSWORD 'two'")
            end_all(server, database)
            with pytest.raises(OutboxError, match="/postgres by now, which is another outbox") as caught:
                await accepted(held, 1)
            assert role not in str(caught.value)

    asyncio.run(check())


def test_while_the_server_is_away_nobody_is_asked_for_its_password(server, database):
    async def check():
        read = []
        async with relayed(server.port) as relay:
            url = relay.of(server.url(database))
            held = Store(DatabaseURL(url, lambda: read.append(1) or url))
            await held.open()
        end_all(server, database)
        for _ in range(3):
            with pytest.raises(OutboxError):
                await accepted(held, 1)
        await held.close()
        assert read == []

    asyncio.run(check())
