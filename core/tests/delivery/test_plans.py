"""The statements that run again and again go through an index, however large the tables are."""

import asyncio
import re
from datetime import timedelta

import pytest
from postgres import postgres_server
from scripted import result, room
from sqlalchemy import event, text
from watched import ward

from passback import Health, UserUnknown
from passback.delivery import backlog
from passback.delivery.outbox import accepting, due, leasing, ordering, releasing, retrying, settling
from passback.store import DatabaseURL, Store

# A whole table, or an index that leaves nothing of it out.
WHOLE = re.compile(
    r"SCAN (result|delivery|history|told)(?! USING (COVERING )?INDEX \w*_(unrouted|order|kept|due))"
)

LEARNERS = [f"learner-{number}" for number in range(20)]
MORE = {
    "b_connection": "c3",
    "b_now": 5_000_000,
    "b_alone": False,
    "b_limit": 50,
    "b_learners": LEARNERS,
    "b_these": list(range(20)),
    "b_whose": 3,
    "b_seq": 5,
    "b_result": 5,
    "b_due": 6_000_000,
    "b_since": 5_000_000,
    "b_organisation": "default",
    "b_learner": "learner-3",
    "b_activity": "a-3",
    "b_seqs": "[1, 2, 3]",
    "b_ids": '["r-1", "r-2"]',
    "b_lease": 7,
    "b_until": 6_000_000,
    "b_remote_ids": '{"1": "a", "2": null}',
    "b_state": 1,
    "b_waiting_for": None,
    "b_reason": "",
    "b_changed": 6_000_000,
    "b_event": 3,
}
FILL = (
    """
    INSERT INTO result (id, organisation, learner, whose, activity, kind, at, body, accepted, routed)
    SELECT 'r-' || i, 'default', 'learner-' || i % 20000, i % 20000, 'a-' || i % 5, 'progressed', i,
        convert_to(repeat('x', 600), 'UTF8'), i, true FROM generate_series(1, 100000) i
    """,
    """
    INSERT INTO delivery (result, connection, state, due, attempts, absent, alone, reason, changed, kept_from)
    SELECT i, 'c' || i % 20, CASE WHEN i % 3 = 0 THEN 0 ELSE 1 END,
        CASE WHEN i % 30 = 0 THEN 10000000 ELSE i END, 0, 0, false, '', i, i FROM generate_series(1, 100000) i
    """,
)


@pytest.fixture(scope="module")
def large():
    server = postgres_server()
    name = server.fresh()

    async def fill():
        store = Store(DatabaseURL(server.url(name)))
        await store.open()
        await store.run(lambda db: [db.execute(text(each)) for each in FILL] and None)
        await store.close()

    asyncio.run(fill())
    server.execute("ANALYZE", name)
    yield DatabaseURL(server.url(name))
    server.drop(name)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (due._DUE._make("postgresql"), "delivery_order"),
        (leasing._NEXT_DUE._make("postgresql"), "delivery_due"),
        (ordering._LATER._make("postgresql"), "delivery_due"),
        (ordering._HOLDING, "delivery_due"),
        (ordering._SAID, "result_whose"),
        (ordering._PUT_OFF, "result_whose"),
        (releasing._SOME_WAIT._make("postgresql"), "delivery_kept"),
        (retrying._WAITS, "delivery_of_learner"),
        (retrying._ARRIVED, "result_whose"),
        (accepting._KNOWN._make("postgresql"), "result_id_organisation_key"),
        (leasing._TAKE._make("postgresql"), "delivery_pkey"),
        *((each._make("postgresql"), "delivery_pkey") for each in settling._SETTLE.values()),
    ],
)
def test_on_postgresql_a_statement_of_the_hot_path_reads_no_whole_table(large, statement, index):
    def explain(db):
        if {"b_learners", "b_these"} & statement.compile().params.keys():
            # A list of any length is no parameter that a prepared statement has.
            made = statement.params(MORE).compile(dialect=db.dialect, compile_kwargs={"literal_binds": True})
            sql, values = made.string.replace("%%", "%"), None
        else:
            made = statement.compile(dialect=db.dialect, compile_kwargs={"render_postcompile": True})
            expanded = made.construct_expanded_state(MORE)
            sql, values = expanded.statement, expanded.parameters
        # As a driver that has prepared it runs it in the long run: without a look at the values.
        db.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")
        raw = db.connection.driver_connection
        return "\n".join(row[0] for row in raw.execute(f"EXPLAIN {sql}", values))

    async def check():
        store = Store(large)
        await store.open()
        plan = await store.run(explain)
        await store.close()
        assert index in plan
        assert "Seq Scan" not in plan, plan

    asyncio.run(check())


class Plans:
    """How SQLite runs each statement that a store gives it."""

    def __init__(self, store):
        self.seen = {}
        event.listen(store._connection.engine, "before_cursor_execute", self._explain)

    def _explain(self, db, _cursor, statement, parameters, _context, many):
        values = parameters[0] if many else parameters
        rows = db.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        self.seen[statement] = [row[3] for row in rows]

    def of_whole_tables(self):
        return {sql: plan for sql, plan in self.seen.items() if any(map(WHOLE.match, plan))}


@pytest.mark.parametrize("latest_only", [False, True])
def test_on_sqlite_nothing_that_delivers_reads_a_whole_table(tmp_path, latest_only):
    async def check():
        async with room(tmp_path / "passback.db", latest_only=latest_only) as here:
            await here.put(result(1))
            await here.until(lambda: here.connector.arrived)
            plans = Plans(here.store)
            await here.put(*map(result, range(2, 30)))
            await here.run(2 * 3600, step=300)
            await here.store.run_soft(backlog)
            assert len(here.connector.arrived) == 29
            assert any("INTO delivery" in sql for sql in plans.seen)
            assert plans.of_whole_tables() == {}

    asyncio.run(check())


def test_on_sqlite_what_waits_is_looked_for_by_learner_however_much_that_is(tmp_path):
    async def check():
        async with room(tmp_path / "passback.db") as here:
            here.connector.behaviour = lambda batch: [UserUnknown(each.id, "no") for each in batch.deliveries]
            await here.put(result(1))
            await here.until(lambda: here.connector.batches)
            await here.run(10)
            plans = Plans(here.store)
            await here.put(result(2))
            await here.run(10)
            found = [plan for sql, plan in plans.seen.items() if "delivery.waiting_for !=" in sql]
            assert found
            assert all("delivery_of_learner" in plan[0] for plan in found)

    asyncio.run(check())


def test_on_sqlite_nobody_who_watches_reads_a_whole_table(tmp_path):
    async def check():
        async with ward(tmp_path / "passback.db") as here:
            await here.deliveries(3)
            plans = Plans(here.store)
            for health in (Health.OK, Health.CANNOT_CONNECT, Health.OK):
                await here.health(health)
                await here.run(timedelta(hours=1), every=timedelta(minutes=5))
            assert any("kept_from" in sql for sql in plans.seen)
            assert plans.of_whole_tables() == {}

    asyncio.run(check())
