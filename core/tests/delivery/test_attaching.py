"""Organisations, and what is attached to what: nothing crosses, nothing is forgotten."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime

import attrs
import pytest
from scripted import START, result, room

from passback import Attached, Learner
from passback.delivery import Attachments, Outbox, Overview, Repair, Routes, Selection, Submission, export
from passback.store import Store

HERE = "https://example.com/a"


@asynccontextmanager
async def opened(place):
    store = Store(place)
    await store.open()
    try:
        yield Outbox(store)
    finally:
        await store.close()


def put(outbox, *results, to=(), tell=False):
    return outbox.put([Submission.of(each, to) for each in results], START, tell=tell)


def of(organisation, number=1, **fields):
    return attrs.evolve(result(number), organisation=organisation, **fields)


async def states(store):
    found = await Overview(store).deliveries(Selection(), 100, START)
    return {(each.organisation, each.result_id, each.connection): each.state for each in found}


def test_the_same_id_in_two_organisations_is_two_facts(place):
    async def check():
        async with opened(place) as outbox:
            mine, theirs = of("mine"), of("theirs", learner=Learner(id="somebody else"))
            answers = await put(outbox, mine, theirs, mine, to=("lms",))
            assert [each.new for each in answers] == [True, True, False]
            again = await put(outbox, theirs, mine)
            assert [(each.new, each.connections) for each in again] == [(False, ("lms",))] * 2

    asyncio.run(check())


def test_an_attached_activity_goes_where_it_is_attached_and_nowhere_else(place):
    async def check():
        async with opened(place) as outbox:
            attachments = Attachments(outbox.store)
            await attachments.attach(Attached(activity=HERE, connection="lms", organisation="mine"), START)
            other = attrs.evolve(of("mine", 3), activity=attrs.evolve(of("mine").activity, id="other"))
            answers = await put(outbox, of("mine", 1), of("theirs", 2), other)
            assert [each.connections for each in answers] == [("lms",), (), ()]

    asyncio.run(check())


def test_what_is_attached_and_configured_at_once_goes_once(place):
    async def check():
        async with opened(place) as outbox:
            attachments = Attachments(outbox.store)
            for name in ("lms", "lrs", "lms"):
                await attachments.attach(
                    Attached(activity=HERE, connection=name, organisation="default"), START
                )
            (answer,) = await put(outbox, result(1), to=("lms",))
            assert answer.connections == ("lms", "lrs")
            assert len(await attachments.all()) == 2

    asyncio.run(check())


def test_attaching_sends_what_went_nowhere_and_detaching_stops_what_comes(place):
    async def check():
        async with opened(place) as outbox:
            attachments, repair = Attachments(outbox.store), Repair(outbox.store)
            # More than fits into one transaction of routing.
            await put(outbox, *(of("mine", number) for number in range(1200)), of("theirs"))
            await attachments.attach(Attached(activity=HERE, connection="lms", organisation="mine"), START)
            await repair.signals()
            assert await repair.route(Routes(), START, tell=True) == {"lms"}
            assert await repair.signals() == ["lms"]
            totals = await Overview(outbox.store).totals()
            assert (totals.unrouted, totals.connections[0].counts) == (1, {"pending": 1200})
            assert await attachments.detach(HERE, "lms")
            assert not await attachments.detach(HERE, "lms")
            (answer,) = await put(outbox, of("mine", 2000))
            assert answer.connections == ()

    asyncio.run(check())


def test_a_connection_never_gets_what_belongs_to_another_organisation(place):
    """Whatever the outbox holds: the last gate is the lane's own."""

    async def check():
        async with room(place) as here:
            await here.put(of("default", 1), of("theirs", 2), of("default", 3))
            await here.until(lambda: len(here.connector.arrived) == 2)
            await here.settle()
            assert here.connector.arrived == ["r-1", "r-3"]
            (kept,) = await Overview(here.store).deliveries(Selection(organisation="theirs"), 10, START)
            assert (kept.state, kept.waiting_for) == ("waiting", "connection")
            assert "'theirs'" in kept.reason
            assert "'default'" in kept.reason

    asyncio.run(check())


def test_a_batch_of_strangers_alone_sends_nothing(place):
    async def check():
        async with room(place) as here:
            await here.put(of("theirs", 1), of("theirs", 2))
            await here.settle()
            async with asyncio.timeout(5):
                while set((await states(here.store)).values()) != {"waiting"}:
                    await here.settle()
            assert here.connector.batches == []

    asyncio.run(check())


def test_who_knows_no_connection_tells_the_dispatcher_who_may(place):
    """A web process whose configuration is older than the worker's strands no result."""

    async def check():
        async with room(place) as here:
            await put(here.outbox, result(1), tell=True)
            async with asyncio.timeout(5):
                while not here.connector.arrived:
                    await here.run(0.5)

    asyncio.run(check())


def test_an_export_holds_every_result_once_in_the_order_of_acceptance(place):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, *(result(number) for number in range(1203)), to=("lms", "lrs"))
            found = [each async for each in export(outbox.store, Selection(), START)]
            assert [each.result for each in found] == [result(number) for number in range(1203)]
            assert {tuple(one.connection for one in each.deliveries) for each in found} == {("lms", "lrs")}
            chosen = Selection(learner="learner-7@example.com", connection="lrs", since=START)
            assert [each.result.id async for each in export(outbox.store, chosen, START)] == ["r-7"]
            for none in (Selection(results=[]), Selection(deliveries=[])):
                assert [each async for each in export(outbox.store, none, START)] == []
            nothing = Selection(until=START)
            assert [each async for each in export(outbox.store, nothing, START)] == []

    asyncio.run(check())


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**40])
def test_a_number_that_no_database_can_hold_is_one_of_no_delivery(place, number):
    async def check():
        async with opened(place) as outbox:
            await put(outbox, result(1), to=("lms",))
            overview = Overview(outbox.store)
            (found,) = await overview.deliveries(Selection(), 100, START)
            chosen = Selection(deliveries=[number, found.id])
            assert await overview.deliveries(chosen, 2**63 - 1, START) == [found]
            assert await Repair(outbox.store).replayable(Selection(deliveries=[number]), START) == 0
            assert await overview.steps(number) == []

    asyncio.run(check())


def test_standings_are_those_of_one_learner_in_one_organisation(place):
    async def check():
        async with opened(place) as outbox:
            ana = Learner(id="ana@example.com")
            await put(outbox, of("mine", 1, learner=ana, progress=0.5), to=("lms",))
            await put(outbox, of("mine", 2, learner=ana, progress=0.7), to=("lms", "lrs"))
            await put(outbox, of("theirs", 1, learner=ana, progress=0.1), to=())
            (mine,) = await Overview(outbox.store).standings("mine", ana.id)
            assert (mine.progress, mine.results) == (0.7, 2)
            assert [(each.connection, each.pending) for each in mine.reached] == [("lms", 2), ("lrs", 1)]
            (theirs,) = await Overview(outbox.store).standings("theirs", ana.id)
            assert (theirs.progress, theirs.reached) == (0.1, ())
            assert await Overview(outbox.store).standings("nobody's", ana.id) == []

    asyncio.run(check())


NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - that it has no time zone is the point


@pytest.mark.parametrize("wrong", [{"state": "rejected"}, {"since": "today"}, {"until": NAIVE}])
def test_a_selection_that_means_something_else_is_refused(wrong):
    with pytest.raises(TypeError, match="must be"):
        Selection(**wrong)
