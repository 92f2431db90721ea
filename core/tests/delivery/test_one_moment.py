"""What is read of an outbox by several statements is what stood there at one moment, while others write."""

import asyncio

import pytest
from postgres import postgres_server
from scripted import START, result
from sqlalchemy import func, select

from passback.delivery import Outbox, Overview, Submission
from passback.delivery.upkeep import overview
from passback.store import DatabaseURL, Store, schema

COUNT = select(func.count()).select_from(schema.result)


@pytest.fixture
def stores():
    """Two processes' stores of one outbox on a server; in a file, nobody writes while another reads."""
    server = postgres_server()
    name = server.fresh()
    yield [Store(DatabaseURL(server.url(name))) for _ in range(2)]
    server.empty_again(name)


def accept(store, number):
    return Outbox(store).put([Submission.of(result(number), ["lms"])], START, tell=False)


def test_the_numbers_of_the_outbox_add_up_while_results_are_accepted(stores, monkeypatch):
    oldest = overview._oldest

    async def check():
        loop, (one, other) = asyncio.get_running_loop(), stores
        for each in stores:
            await each.open()
        await accept(other, 1)

        def meanwhile(db):
            asyncio.run_coroutine_threadsafe(accept(other, 2), loop).result()
            return oldest(db)

        monkeypatch.setattr(overview, "_oldest", meanwhile)
        totals = await Overview(one).totals()
        assert [each.counts for each in totals.connections] == [{"pending": 1}]
        assert totals.accepted == totals.kept == 1
        assert await one.read(lambda db: db.scalar(COUNT)) == 2
        for each in stores:
            await each.close()

    asyncio.run(check())
