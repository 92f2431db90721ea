"""Who is found while a result of theirs is on the wire needs nothing more for it to go, in its order."""

import asyncio

import attrs
import pytest
from people import ANA, Peopled, village
from scripted import result

from passback.host.people.recognising import recognise
from passback.identity import AccountState, Finding


def of(number, learner):
    return attrs.evolve(result(number), learner=learner)


@pytest.fixture
def check(place):
    def checked(work, connector=Peopled):
        async def run():
            async with village(place, connector=connector) as here:
                await work(here)

        asyncio.run(run())

    return checked


def while_on_the_wire(here, happens):
    """Have `happens` happen while the first batch is on the wire."""
    answer, waits = here.connector.behaviour, [happens]

    async def answered(batch):
        receipts = answer(batch)
        if waits:
            await waits.pop()()
        return receipts

    here.connector.behaviour = answered


async def is_found(here, user_id="u1"):
    found = Finding(learner=ANA, state=AccountState.KNOWN, user_id=user_id, matched_by="email")
    await here.store.run(recognise, "lms", "default", found, here.clock.now())


def test_what_was_on_the_wire_goes_before_what_its_learner_did_meanwhile(check):
    async def work(here):
        async def found():
            await is_found(here)
            await here.put(of(2, ANA))

        while_on_the_wire(here, found)
        await here.sent(of(1, ANA))
        assert here.connector.arrived == ["r-1", "r-2"]
        assert here.connector.batches == [["r-1"], ["r-1", "r-2"]]

    check(work)


def test_what_was_refused_for_one_user_goes_to_another_whom_its_learner_is_found_to_be_meanwhile(check):
    async def work(here):
        await is_found(here)
        here.connector.refuses = {"u1"}
        while_on_the_wire(here, lambda: is_found(here, "u2"))
        assert await here.sent(of(1, ANA)) == {"r-1": "delivered"}

    check(work)


def test_whom_the_system_refuses_as_the_user_they_were_found_to_be_is_not_tried_for_ever(check):
    async def work(here):
        here.connector.refuses = {"u1"}
        while_on_the_wire(here, lambda: is_found(here))
        assert await here.sent(of(1, ANA)) == {"r-1": "account"}
        assert here.connector.batches == [["r-1"]] * 2

    check(work)
