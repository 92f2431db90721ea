"""The tables' revisions: brought up to date by whoever comes first, and the same as the code says."""

import asyncio
import socket
import subprocess
import sys

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from postgres import postgres_server
from relay import relayed
from scripted import START, result
from sqlalchemy import update

from passback.delivery import Outbox, Submission
from passback.errors import OutboxError
from passback.store import FOLLOWS, DatabaseURL, State, Store, migrations, schema
from passback.store.locking import MIGRATING


@pytest.fixture(params=["sqlite", "postgresql"])
def nowhere(request, tmp_path):
    """Where an outbox may be, without tables."""
    if request.param == "sqlite":
        yield tmp_path / "passback.db"
        return
    server = postgres_server()
    name = server.empty()
    yield DatabaseURL(server.url(name))
    server.drop(name)


@pytest.fixture
def nowhere_to_be_found():
    """The URL of a server that isn't there."""
    with socket.socket() as taken:
        # Bound, so that nobody else gets the port, and answering nobody.
        taken.bind(("127.0.0.1", 0))
        yield DatabaseURL(f"postgresql://somebody@127.0.0.1:{taken.getsockname()[1]}/somewhere")


def test_the_newest_revision_is_the_one_that_the_code_knows():
    scripts = ScriptDirectory(migrations.__path__[0])
    assert scripts.get_heads() == [migrations.NEWEST]
    assert all(each.revision.isdigit() and len(each.revision) == 4 for each in scripts.walk_revisions())


def test_what_the_revisions_make_is_what_the_code_says(nowhere):
    async def check():
        store = Store(nowhere)
        await store.open()

        def differences(db):
            options = {"version_table": migrations.TABLE, "compare_type": True}
            return compare_metadata(MigrationContext.configure(db, opts=options), schema.metadata)

        assert await store.run(differences) == [], "schema.py changed: core/revise.py writes a revision"
        await store.close()

    asyncio.run(check())


def test_several_processes_that_find_no_tables_make_them_once(nowhere):
    async def check():
        stores = [Store(nowhere) for _ in range(4)]
        await asyncio.gather(*(store.open() for store in stores))
        assert {await store.run(migrations.revision) for store in stores} == {migrations.NEWEST}
        for store in stores:
            await store.close()

    asyncio.run(check())


def test_a_server_that_goes_away_while_it_is_opened_is_waited_for():
    server = postgres_server()
    name = server.empty()
    store = Store(DatabaseURL(server.url(name)))
    # It waits for whoever changes the tables, so it's cut while it's being opened and not after.
    waiting = f"datname = '{name}' AND wait_event = 'advisory'"
    seen = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {waiting}"  # noqa: S608

    async def check():
        with psycopg.connect(server.url(name), autocommit=True) as holder:
            holder.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
            opening = asyncio.create_task(store.open())
            while not await asyncio.to_thread(server.execute, seen):
                await asyncio.sleep(0.005)
        await opening
        assert await store.run(migrations.revision) == migrations.NEWEST
        await store.close()

    asyncio.run(check())
    server.drop(name)


def test_a_server_that_was_never_reached_is_not_waited_for(nowhere_to_be_found):
    async def check():
        async with asyncio.timeout(5):
            with pytest.raises(OutboxError, match="refused"):
                await Store(nowhere_to_be_found).open()

    asyncio.run(check())


def test_who_is_patient_waits_for_a_server_that_is_not_there_yet(caplog):
    server = postgres_server()
    name = server.fresh()
    before, after = server.url(name).split(f":{server.port}/")

    async def check():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        store = Store(DatabaseURL(f"{before}:{port}/{after}"))
        opening = asyncio.create_task(store.open(patient=True))
        while "refused" not in caplog.text:
            await asyncio.sleep(0.01)
        async with relayed(server.port, at=port):
            await opening
            await store.close()

    asyncio.run(check())
    server.empty_again(name)


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_the_database_itself_lets_only_those_states_follow_that_may(place, before, after):
    async def check():
        store = Store(place)
        await store.open()
        await Outbox(store).put([Submission.of(result(1), ("lms",))], START, tell=False)

        def change(db, state):
            waiting = "account" if state is State.WAITING else None
            values = {"state": state, "waiting_for": waiting}
            db.execute(update(schema.delivery).values(values))

        await store.run(change, before)
        if after in FOLLOWS[before] or after is before:
            await store.run(change, after)
        else:
            with pytest.raises(OutboxError, match="can not follow"):
                await store.run(change, after)
        await store.close()

    asyncio.run(check())


OPENER = """
import asyncio, sys
from pathlib import Path
from passback.store import Store
async def main():
    store = Store(Path(sys.argv[1]))
    await store.open()
    await store.close()
asyncio.run(main())
print("alembic" in sys.modules, "psycopg" in sys.modules)
"""


def test_a_process_that_finds_its_tables_up_to_date_imports_neither_alembic_nor_a_driver_too_many(tmp_path):
    command = [sys.executable, "-c", OPENER, str(tmp_path / "passback.db")]
    said = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert said == ["True False\n", "False False\n"]
