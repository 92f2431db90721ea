"""Ten thousand connections that are well cost whoever watches them hardly more than one."""

import asyncio
from datetime import timedelta

from sqlalchemy import event
from watched import CONTACT, ward

from passback.delivery import Repair


def statements(store):
    seen = []
    event.listen(
        store._connection.engine,
        "before_cursor_execute",
        lambda _db, _cursor, statement, *_: seen.append(statement),
    )
    return seen


def cost_no_more(place, work):
    """Count the statements of `work` for few connections and for many."""

    async def check():
        async with ward(place) as here:
            seen = statements(here.store)
            counts = []
            for many in (2, 200):
                await work(here, [f"{many}-{number}" for number in range(many)], seen)
                counts.append(len(seen))
            assert counts[0] == counts[1]

    asyncio.run(check())


def test_a_look_at_many_connections_takes_as_many_statements_as_one_at_few(place):
    async def look(here, names, seen):
        await Repair(here.store).configured(dict.fromkeys(names, "one"), here.clock.now())
        here.contacts = dict.fromkeys(names, CONTACT)
        here.restart()
        await here.run(timedelta(hours=2), every=timedelta(hours=1))
        await here.deliveries(1)
        seen.clear()
        here.clock.advance(3600)
        await here.look()

    cost_no_more(place, look)


def test_to_take_over_many_connections_takes_as_many_statements_as_few(place):
    async def take_over(here, names, seen):
        seen.clear()
        await Repair(here.store).configured(dict.fromkeys(names, "one"), here.clock.now())

    cost_no_more(place, take_over)
