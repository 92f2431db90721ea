"""Who is found, or opens the content, while a result is on the wire needs nothing more for it to go."""

import asyncio

import attrs
import pytest
from people import ANA, BEN, Launched, Peopled, village
from scripted import result

from passback import Delivered, Launch, Learner, NeedsLaunch
from passback.delivery import release_launches
from passback.host.people.recognising import recognise
from passback.identity import AccountState, Finding, ticket_for


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


async def opens(here, token, learner=ANA, activity="https://example.com/a"):
    """Have `learner` come by a launch, and what waits for that released, as a host does."""
    ticket = ticket_for("lms", "default", activity, None)

    def come(db):
        now = here.clock.now()
        here.launches.record(db, Launch(parameters={"token": token}), ticket, now)
        if learner is not None:
            here.launches.claim(db, ticket.reference, learner.id)
            release_launches(db, "lms", now, learner=("default", learner.id))
            release_launches(db, "lms", now, limit=1)

    await here.store.run(come)


def by_own_alone(batch):
    return [
        Delivered(each.id, launch=each.launch.id) if each.launch else NeedsLaunch(each.id, "open it")
        for each in batch.deliveries
    ]


def test_what_was_on_the_wire_goes_by_the_launch_with_which_its_learner_came_meanwhile(check):
    async def work(here):
        here.connector.behaviour = by_own_alone
        await opens(here, "another's", Learner(id="eve"))
        while_on_the_wire(here, lambda: opens(here, "good"))
        assert await here.sent(of(1, ANA), of(2, BEN)) == {"r-1": "delivered", "r-2": "launch"}
        assert here.connector.batches[:2] == [["r-1", "r-2"], ["r-1"]]

    check(work, connector=Launched)


def test_what_was_on_the_wire_goes_by_the_launch_with_which_somebody_else_came_meanwhile(check):
    async def work(here):
        here.connector.good = {"good"}
        await opens(here, "dead")
        while_on_the_wire(here, lambda: opens(here, "good"))
        assert await here.sent(of(1, BEN)) == {"r-1": "delivered"}

    check(work, connector=Launched)


@pytest.mark.parametrize(("learner", "tries"), [(ANA, 2), (BEN, 2), (None, 1)])
def test_what_no_launch_serves_is_tried_once_for_one_that_came_meanwhile_if_anybody_claimed_it(
    check, learner, tries
):
    async def work(here):
        async def come():
            for number in range(20):
                await opens(here, f"bad-{number}", learner)

        while_on_the_wire(here, come)
        assert await here.sent(of(1, ANA)) == {"r-1": "launch"}
        assert here.connector.batches == [["r-1"]] * tries

    check(work, connector=Launched)


def test_of_launches_that_were_there_none_is_tried_because_another_was_refused(check):
    async def work(here):
        for number in range(20):
            await opens(here, f"bad-{number}", BEN if number % 2 else ANA)
        assert await here.sent(of(1, ANA)) == {"r-1": "launch"}
        assert here.connector.batches == [["r-1"]]

    check(work, connector=Launched)
