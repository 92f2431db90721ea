"""What was refused while nothing was taken goes by itself once that is repaired."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from scripted import START, deliver_all, result, room

from passback import ActivityUnknown, CannotConnect, Delivered, Rejected, Selection
from passback.delivery import Overview, Retention, RetentionPolicy
from passback.model import correction_id


def unreachable(_):
    raise CannotConnect("POST https://lms.example/: not reached")


def refuse_all(batch):
    return [Rejected(each.id, "no such actor") for each in batch.deliveries]


def refuse(*numbers):
    """Refuse results with these numbers, take others."""
    ids = {f"r-{number}" for number in numbers}
    return lambda batch: [
        Rejected(each.id, "bad") if each.result.id in ids else Delivered(each.id) for each in batch.deliveries
    ]


def playing(place, work, **options):
    async def check():
        async with room(place, **options) as here:
            await work(here)

    asyncio.run(check())


async def submit(here, *numbers):
    await here.put(*map(result, numbers))
    await here.run(2)


async def configure(here):
    here.fingerprint += "+"
    here.dispatcher._lanes.wake("lms", changed=True)
    await here.run(2)


async def days_pass(here, first, last):
    retention = Retention(here.store, RetentionPolicy(undelivered=timedelta(days=30)))
    for day in range(first, last):
        await retention.sweep(START + timedelta(days=day))


async def rejected(here):
    states = await here.states()
    return sorted(name for name, state in states.items() if state == "rejected")


def test_another_configuration_tries_again_what_was_refused_since_anything_was_taken(place):
    async def work(here):
        here.connector.behaviour = refuse(1)
        await submit(here, 1, 2)
        here.connector.behaviour = refuse_all
        await submit(here, 3)
        await submit(here, 4)
        assert await rejected(here) == ["r-1", "r-3", "r-4"]
        here.connector.behaviour = deliver_all
        await configure(here)
        assert await rejected(here) == ["r-1"], "others were taken when that was refused"
        assert here.connector.arrived == ["r-2", "r-3", "r-4"]

    playing(place, work)


def test_where_the_other_configuration_is_as_wrong_it_is_rejected_again_and_tried_by_the_next(place):
    async def work(here):
        here.connector.behaviour = refuse_all
        await submit(here, 1)
        await configure(here)
        assert await rejected(here) == ["r-1"]
        assert len(here.connector.batches) == 2
        here.connector.behaviour = deliver_all
        await configure(here)
        assert here.connector.arrived == ["r-1"]

    playing(place, work)


def test_a_restart_with_the_same_configuration_tries_nothing_again(place):
    async def work(here):
        here.connector.behaviour = refuse_all
        await submit(here, 1)
        await here.stop()
        here.around.stopping.clear()
        here.dispatcher = type(here.dispatcher)(here, here.around)
        await here.start()
        await here.run(5)
        assert len(here.connector.batches) == 1

    playing(place, work)


def test_what_was_given_up_stays_so(place):
    async def work(here):
        here.connector.behaviour = lambda _: asyncio.sleep(10**6)
        await here.put(result(1))
        await days_pass(here, 0, 40)
        assert await rejected(here) == ["r-1"]
        await configure(here)
        assert await rejected(here) == ["r-1"]

    playing(place, work, deliver=False)


def test_the_first_that_is_taken_brings_a_long_row_of_refused_ones_again(place):
    async def work(here):
        here.connector.behaviour = refuse_all
        for number in range(1, 11):
            await submit(here, number)
        assert len(await rejected(here)) == 10
        here.connector.behaviour = deliver_all
        await submit(here, 11)
        assert await rejected(here) == []
        assert here.connector.arrived == ["r-11", *(f"r-{number}" for number in range(1, 11))]

    playing(place, work)


def test_so_does_it_where_no_activity_was_known_as_behind_a_gateway_that_answers_404_to_everything(place):
    async def work(here):
        here.connector.behaviour = lambda batch: [
            ActivityUnknown(each.id, "no such course") for each in batch.deliveries
        ]
        await submit(here, *range(1, 13))
        here.connector.behaviour = lambda batch: [
            ActivityUnknown(each.id, "no such course") if each.result.id == "r-1" else Delivered(each.id)
            for each in batch.deliveries
        ]
        await submit(here, 20)
        states = await here.states()
        assert [name for name, state in states.items() if state != "delivered"] == ["r-1"]
        asked = sum(map(len, here.connector.batches))
        await submit(here, 21)
        assert sum(map(len, here.connector.batches)) == asked + 1

    playing(place, work)


def test_a_short_row_of_refused_ones_was_about_each_of_them(place):
    async def work(here):
        here.connector.behaviour = refuse_all
        for number in range(1, 10):
            await submit(here, number)
        here.connector.behaviour = deliver_all
        await submit(here, 11)
        assert len(await rejected(here)) == 9

    playing(place, work)


def test_a_long_row_of_bad_ones_is_tried_again_once_however_often_others_are_taken(place):
    async def work(here):
        here.connector.behaviour = refuse(*range(1, 41))
        await submit(here, *range(1, 41))
        asked = len(here.connector.batches)
        await submit(here, 50)
        again = len(here.connector.batches)
        assert again > asked + 1
        await submit(here, 51)
        await submit(here, 52)
        assert len(here.connector.batches) == again + 2
        assert len(await rejected(here)) == 40

    playing(place, work, batch=20)


def test_what_was_refused_beside_others_that_were_taken_is_not_tried_again(place):
    async def work(here):
        here.connector.behaviour = refuse(*range(1, 21))
        await submit(here, *range(1, 31))
        await submit(here, 31)
        assert len(await rejected(here)) == 20
        assert sum(map(len, here.connector.batches)) == 31

    playing(place, work)


def test_what_has_a_correction_is_not_tried_again_as_its_system_would_have_both(place):
    async def work(here):
        here.connector.behaviour = refuse_all
        await submit(here, 1, 2)
        mended = attrs.evolve(result(1), id=correction_id("default", "r-1"), extensions={"corrects": "r-1"})
        await here.put(mended)
        await here.run(2)
        here.connector.behaviour = deliver_all
        await configure(here)
        assert here.connector.arrived == ["r-2", mended.id]
        overview = Overview(here.store)
        (first,) = await overview.deliveries(Selection(results=["r-1"]), 10, here.clock.now())
        assert [each.kind for each in await overview.steps(first.id)] == ["sent", "corrected"]

    playing(place, work)


@pytest.mark.parametrize("by", ["configuration", "row"])
def test_its_history_says_why_it_was_tried_again(place, by):
    async def work(here):
        here.connector.behaviour = refuse_all
        await submit(here, *range(1, 11))
        here.connector.behaviour = deliver_all
        here.clock.advance(timedelta(days=20).total_seconds())
        if by == "configuration":
            await configure(here)
        else:
            await submit(here, 11)
        overview = Overview(here.store)
        (first,) = await overview.deliveries(Selection(results=["r-1"]), 10, here.clock.now())
        steps = await overview.steps(first.id)
        assert [each.kind for each in steps] == ["sent", "reconsidered", "sent"]
        assert "tried again" in steps[1].outcome

    playing(place, work)


def test_what_is_tried_again_has_all_its_time_once_more(place):
    async def work(here):
        here.connector.behaviour = refuse_all
        await submit(here, 1)
        await days_pass(here, 0, 40)
        here.clock.advance(timedelta(days=40).total_seconds())
        here.connector.behaviour = unreachable
        await configure(here)
        await days_pass(here, 40, 65)
        assert await rejected(here) == []

    playing(place, work)
