"""On PostgreSQL, the statements that run for each batch go through an index, however large the tables are."""

import asyncio

import pytest
from postgres import postgres_server
from sqlalchemy import text

from passback.delivery import leasing, ordering
from passback.store import DatabaseURL, Store

LEARNERS = [f"learner-{number}" for number in range(20)]
MORE = {
    "b_connection": "c3",
    "b_now": 5_000_000,
    "b_alone": False,
    "b_limit": 50,
    "b_learners": LEARNERS,
    "b_seq": 5,
    "b_result": 5,
    "b_due": 6_000_000,
    "b_organisation": "default",
    "b_learner": "learner-3",
    "b_activity": "a-3",
}
FILL = (
    """
    INSERT INTO result (id, organisation, learner, activity, kind, at, body, accepted, routed)
    SELECT 'r-' || i, 'default', 'learner-' || i % 20000, 'a-' || i % 5, 'progressed', i,
        convert_to(repeat('x', 600), 'UTF8'), i, true FROM generate_series(1, 100000) i
    """,
    """
    INSERT INTO delivery (result, connection, state, due, attempts, alone, reason, changed, kept_from)
    SELECT i, 'c' || i % 20, CASE WHEN i % 3 = 0 THEN 0 ELSE 1 END,
        CASE WHEN i % 30 = 0 THEN 10000000 ELSE i END, 0, false, '', i, i FROM generate_series(1, 100000) i
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
        (leasing._DUE, "delivery_order"),
        (leasing._NEXT_DUE, "delivery_due"),
        (ordering._LATER, "delivery_due"),
        (ordering._HOLDING, "delivery_due"),
        (ordering._SAID, "result_learner"),
        (ordering._PUT_OFF, "result_learner"),
    ],
)
def test_a_statement_of_the_hot_path_reads_no_whole_table(large, statement, index):
    def explain(db):
        if "b_learners" in statement.compile().params:
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
