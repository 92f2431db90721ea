"""A pooler in transaction mode may serve each transaction by a session that others used: nothing is lost."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from pooler import pooled
from postgres import postgres_server
from scripted import START, result
from sqlalchemy import func, select, text

from passback.delivery import Outbox, Submission
from passback.store import DatabaseURL, Store, schema

# As another program that uses the same pool may have wished for itself.
LEFT = """
    SET search_path = public; SET synchronous_commit = off; SET lock_timeout = 1;
    SET default_transaction_isolation = serializable
"""


@pytest.fixture
def database():
    server = postgres_server()
    name = server.empty()
    yield name
    server.drop(name)


@asynccontextmanager
async def opened(*urls):
    stores = [Store(DatabaseURL(url)) for url in urls]
    for each in stores:
        await each.open()
    try:
        yield stores
    finally:
        for each in stores:
            await each.close()


@asynccontextmanager
async def behind(database):
    """Yield two stores of one outbox behind a pooler, and one that reaches it directly."""
    server = postgres_server()
    url = server.url(database)
    async with pooled(url, LEFT) as pooler:
        near = url.replace(f":{server.port}/", f":{pooler.port}/")
        async with opened(near, near, url) as stores:
            yield stores


def settings(db):
    names = (
        "synchronous_commit",
        "lock_timeout",
        "transaction_isolation",
        "idle_in_transaction_session_timeout",
    )
    return [db.scalar(text(f"SHOW {name}")) for name in names]


def test_all_that_is_accepted_is_where_everybody_looks_for_it(database):
    async def check():
        async with behind(database) as (one, other, direct):
            # Often enough that statements would be prepared.
            for number in range(0, 40, 2):
                for store, each in ((one, number), (other, number + 1)):
                    (answer,) = await Outbox(store).put(
                        [Submission.of(result(each), ["lms"])], START, tell=False
                    )
                    assert answer.new
            count = select(func.count()).select_from(schema.result)
            assert {await each.run_soft(lambda db: db.scalar(count)) for each in (one, other, direct)} == {40}

    asyncio.run(check())
    tables = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename = 'result'"
    assert postgres_server().execute(tables, database) == [("passback",)]


def test_no_session_decides_how_durable_a_transaction_is_or_how_long_it_waits(database):
    async def check():
        async with behind(database) as (one, *_):
            # Whichever session it meets.
            for _ in range(4):
                assert await one.run(settings) == ["on", "30s", "read committed", "30s"]
                assert await one.run_soft(settings) == ["off", "30s", "read committed", "30s"]
                assert await one.read(settings) == ["off", "30s", "repeatable read", "30s"]

    asyncio.run(check())


def test_whoever_uses_a_session_next_finds_it_as_it_was(database):
    shown = "SELECT current_setting('search_path'), current_setting('synchronous_commit')"

    async def check():
        async with behind(database) as (one, *_):
            await one.run(settings)
            found = await asyncio.to_thread(one._engine._raw.execute, shown)
            assert found.fetchone() == ("public", "off")

    asyncio.run(check())


def test_statements_are_prepared_only_where_no_pooler_lies_between(database):
    async def check():
        async with behind(database) as (one, _, direct):
            assert one._engine._raw.prepare_threshold is None
            assert direct._engine._raw.prepare_threshold is not None

    asyncio.run(check())


def test_a_server_that_commits_in_a_stronger_way_than_on_keeps_to_it(database):
    server = postgres_server()
    server.execute(f"ALTER DATABASE {database} SET synchronous_commit = remote_apply")

    async def check():
        async with opened(server.url(database)) as (direct,):
            assert (await direct.run(settings))[0] == "remote_apply"

    asyncio.run(check())
