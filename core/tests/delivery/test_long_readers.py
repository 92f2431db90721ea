"""Who reads the SQLite file for long has its -wal file grow: no longer than that, and nobody is stuck."""

import asyncio
import resource
from contextlib import asynccontextmanager, contextmanager

import pytest
from scripted import result, room

from passback import OutboxError


@asynccontextmanager
async def read_by_another(tmp_path):
    """An outbox that somebody reads until `leave` is called."""
    async with (
        room(tmp_path / "passback.db", deliver=False) as here,
        room(tmp_path / "passback.db", deliver=False) as other,
    ):
        if not (tmp_path / "passback.db-wal").exists():
            pytest.skip("this SQLite is older than 3.51.3, and keeps no -wal file")
        await here.put(*map(result, range(10)))
        rows = other.store._connection.connection.driver_connection.execute("SELECT id FROM result")
        rows.fetchone()
        yield here, rows.close


@contextmanager
def no_file_beyond(size):
    """As if a disk were full: no file grows beyond `size`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def write_much(db):
    db.exec_driver_sql("INSERT OR REPLACE INTO meta (key, value) VALUES ('much', hex(randomblob(2000000)))")


async def forever(do, *what):
    while True:
        await do(*what)


def test_what_was_taken_is_given_back_once_they_are_gone(tmp_path):
    async def check():
        log = tmp_path / "passback.db-wal"
        async with read_by_another(tmp_path) as (here, leave):
            while log.stat().st_size < 60_000_000:
                await here.store.run_soft(write_much)
            leave()
            for number in range(10, 14):
                await here.put(result(number))
            assert log.stat().st_size <= 40_000_000

    asyncio.run(check())


def test_where_there_was_no_room_any_more_the_outbox_goes_on_once_they_are_gone(tmp_path):
    async def check():
        async with read_by_another(tmp_path) as (here, leave):
            with no_file_beyond(20_000_000):
                with pytest.raises(OutboxError):
                    await forever(here.store.run_soft, write_much)
                leave()
                with pytest.raises(OutboxError):
                    await here.store.run_soft(write_much)
                await here.store.run_soft(write_much)
                await here.put(result(20))

    asyncio.run(check())
