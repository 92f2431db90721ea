"""What waits for what is on the wire holds nobody else back, and nothing is overtaken by that."""

import asyncio
import random
from datetime import timedelta
from itertools import takewhile

import attrs
import pytest
from scripted import deliver_all, result, room
from sqlalchemy import text

from passback import Learner
from passback.delivery import Settlement, Wish
from passback.delivery.outbox import leasing
from passback.delivery.outbox.changes import Change
from passback.store import State


def did(number, who):
    return attrs.evolve(result(number), learner=Learner(id=f"{who}@example.com"))


def backlog(who):
    """Return a result of each of `who`, in order, numbered."""
    return [did(number, each) for number, each in enumerate(who)]


async def lease(here, limit=1, **wished):
    until = here.clock.now() + timedelta(minutes=5)
    return await here.outbox.lease(
        Wish(connection="lms", limit=limit, until=until, **wished), here.clock.now()
    )


async def leased(here, limit=1, **wished):
    return [each.result.id for each in (await lease(here, limit, **wished)).deliveries]


@pytest.mark.parametrize("latest_only", [False, True])
def test_each_learner_is_on_the_wire_however_many_of_one_of_them_are_due_first(place, latest_only):
    async def check():
        async with room(place, batch=1, concurrency=4, latest_only=latest_only, deliver=False) as here:
            flying, open_ = set(), asyncio.Event()

            async def behave(batch):
                flying.update(each.result.learner.id[0] for each in batch.deliveries)
                await open_.wait()
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(*backlog("a" * 10 + "b" * 10 + "c" * 10 + "d" * 10))
            await here.start()
            await here.until(lambda: flying == {*"abcd"})
            open_.set()
            await here.run(20, arrived=4 if latest_only else 40)
            for first in () if latest_only else range(0, 40, 10):
                mine = [
                    int(each[2:]) for each in here.connector.arrived if int(each[2:]) // 10 == first // 10
                ]
                assert mine == [*range(first, first + 10)]

    asyncio.run(check())


def test_whoever_comes_while_one_learners_result_hangs_is_sent(place):
    async def check():
        async with room(place, batch=1, concurrency=4) as here:
            open_ = asyncio.Event()

            async def behave(batch):
                if batch.deliveries[0].result.learner.id.startswith("a"):
                    await open_.wait()
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(*backlog("aa"))
            await here.until(lambda: here.connector.batches == [["r-0"]])
            await here.put(*(did(number, f"b{number}") for number in range(2, 10)))
            await here.until(lambda: len(here.connector.arrived) == 8)
            assert here.connector.arrived == [f"r-{number}" for number in range(2, 10)]
            open_.set()
            await here.until(lambda: here.connector.arrived[8:] == ["r-0", "r-1"])

    asyncio.run(check())


def test_a_batch_is_filled_with_what_needs_not_wait(place):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*backlog("aabaaaabcabd"))
            assert await leased(here, 2) == ["r-0", "r-1"]
            assert await leased(here, 3) == ["r-2", "r-7", "r-8"]
            assert await leased(here, 3) == ["r-11"]

    asyncio.run(check())


class Model:
    """What of a backlog may go, as a person would say it."""

    def __init__(self, whose):
        self.whose = whose
        self.left = [*whose]
        self.wire = {}
        self.later = {}

    def free(self, now):
        """Return learner → what of theirs overtakes nothing."""
        found = {}
        flying = {self.whose[each] for lease in self.wire.values() for each in names(lease)}
        for who in {*self.whose.values()} - flying:
            mine = [each for each in self.left if self.whose[each] == who]
            found[who] = list(takewhile(lambda each: self.later.get(each, now) <= now, mine))
        return found

    def settled(self, token, outcome, until):
        """Take note of what became of a lease; return what the outbox is to be told."""
        lease = self.wire.pop(token)
        state = State.DELIVERED if outcome == "delivered" else State.PENDING
        due = until if outcome == "later" else None
        if outcome == "given back":
            return lease, Settlement(unsent=frozenset(row.seq for row in lease.rows))
        if outcome == "later":
            self.later |= dict.fromkeys(names(lease), until)
        else:
            self.left = [each for each in self.left if each not in names(lease)]
        return lease, Settlement(
            changes=[Change(delivery=row.seq, state=state, due=due) for row in lease.rows]
        )


def names(lease):
    return [each.result.id for each in lease.deliveries]


@pytest.mark.parametrize("latest_only", [False, True])
def test_nobody_overtakes_themselves_and_nobody_waits_for_others_whatever_is_on_the_wire(place, latest_only):
    rng = random.Random(4711)
    whose = {f"r-{number}": rng.choice("abcde") for number in range(90)}
    model = Model(whose)

    async def turn(here):
        now, limit = here.clock.now(), rng.randint(1, 4)
        free = model.free(now)
        found = await lease(here, limit, latest_only=latest_only)
        for who in {*whose.values()}:
            mine = [each for each in names(found) if whose[each] == who]
            assert mine == free.get(who, [])[: len(mine)], "nothing is overtaken"
        many = sum(min(1, len(each)) if latest_only else len(each) for each in free.values())
        sent = len(found.rows) - len(found.covered)
        # What is put off on the way is made up for by the next lease.
        assert 0 < sent <= limit if model.later and many else sent == min(limit, many)
        if found.rows:
            model.wire[found.token] = found
        if model.wire and (not found.rows or rng.random() < 0.6):
            outcome = rng.choice(["delivered", "delivered", "given back", "later"])
            token = rng.choice([*model.wire])
            settled = model.settled(token, outcome, now + timedelta(seconds=60))
            await here.outbox.settle(*settled, now)
        elif not found.rows:
            here.clock.advance(30)

    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*backlog(whose.values()))
            while model.left:
                await turn(here)

    asyncio.run(check())


def test_what_is_put_off_stays_so_with_what_came_after_it(place):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*backlog("babbc"))
            first = await lease(here)
            until = here.clock.now() + timedelta(minutes=1)
            later = [Change(delivery=first.rows[0].seq, state=State.PENDING, due=until)]
            await here.outbox.settle(first, Settlement(changes=later), here.clock.now())
            await here.put(did(5, "a"))
            assert await leased(here) == ["r-1"]
            assert await leased(here) == ["r-4"]
            assert await leased(here) == []
            here.clock.advance(61)
            assert await leased(here, 9) == ["r-0", "r-2", "r-3"]

    asyncio.run(check())


def test_what_is_tried_alone_overtakes_nothing_that_nobody_looked_at(place, monkeypatch):
    monkeypatch.setattr(leasing, "_LOOK_AHEAD", 2)

    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*backlog("aaaabb"))
            last = "UPDATE delivery SET alone = true WHERE result = (SELECT max(seq) FROM result)"
            await here.store.run(lambda db: db.execute(text(last)) and None)
            first = await lease(here)
            assert await leased(here) == [], "what comes before it isn't among the next"
            await here.outbox.settle(
                first, Settlement(unsent=frozenset({first.rows[0].seq})), here.clock.now()
            )
            assert await leased(here, 5) == [f"r-{number}" for number in range(5)]

    asyncio.run(check())


@pytest.fixture
def looked(monkeypatch):
    """How far each look at what is due went."""
    found, look = [], leasing.due_rows

    def noted(db, connection, now, limit, *, alone):
        found.append(limit)
        return look(db, connection, now, limit, alone=alone)

    monkeypatch.setattr(leasing, "due_rows", noted)
    return found


def test_what_is_due_is_looked_at_once_where_nothing_is_held_back(place, looked):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*backlog("aabbccddeeff"))
            for _ in range(3):
                assert len(await leased(here, 4)) == 4
            assert looked == [4, 4, 4]

    asyncio.run(check())


def test_a_long_backlog_of_one_learner_is_looked_at_up_to_a_bound_and_again_after_a_while(place, looked):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(*backlog("a" * 700 + "b"))
            await lease(here)
            looked.clear()
            held = await lease(here)
            assert (held.rows, held.next_due) == ((), here.clock.now() + timedelta(milliseconds=200))
            assert looked == [1, 4, 16, 64, 256, 500]

    asyncio.run(check())
