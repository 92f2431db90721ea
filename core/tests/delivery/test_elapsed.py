"""A clock that is wrong for a while, or a process that was away, gives up no result and forgets none."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import START, result, room
from sqlalchemy import select

from passback import Delivered
from passback.delivery import Retention, RetentionPolicy, believed, foreseen
from passback.delivery.outbox.elapsed import Sight
from passback.store import schema

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POLICY = RetentionPolicy(undelivered=30 * DAY, settled=90 * DAY)


async def states(here):
    return sorted((await here.states()).values())


def test_a_clock_that_is_ahead_for_less_than_a_day_gives_up_and_forgets_nothing(place):
    async def check():
        async with room(place) as here:
            await here.put(result(1))
            await here.until(lambda: here.connector.arrived)
            await here.settle()
        async with room(place, deliver=False) as here:
            await here.put(result(2))
            retention = Retention(here.store, POLICY)
            ahead = START + 365 * DAY
            for moment in (START, ahead, ahead + HOUR, ahead + 23 * HOUR, START + DAY, START + 2 * DAY):
                assert await retention.sweep(moment) == (0, 0)
            assert await states(here) == ["delivered", "pending"]

    asyncio.run(check())


def test_what_a_machine_accepted_whose_clock_was_behind_has_a_day_to_arrive(place):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(result(1))
            retention = Retention(here.store, POLICY)
            await retention.sweep(START)
            set_right = START + 400 * DAY
            assert await retention.sweep(set_right) == (0, 0)
            assert await retention.sweep(set_right + 23 * HOUR) == (0, 0)
            assert await retention.sweep(set_right + DAY) == (1, 0)

    asyncio.run(check())


@pytest.mark.parametrize("delivered_before", [False, True])
def test_what_nobody_tried_for_too_long_is_tried_before_it_is_given_up(place, delivered_before):
    async def check():
        async with room(place, deliver=False) as here:
            await here.put(result(1))
            if delivered_before:
                await Retention(here.store, POLICY).sweep(START)
        async with room(place, deliver=False) as here:
            here.clock.advance(31 * 86400)
            await here.start()
            here.connector.behaviour = lambda batch: [Delivered(each.id) for each in batch.deliveries]
            await here.until(lambda: here.connector.arrived)
            await here.settle()
            assert await states(here) == ["delivered"]

    asyncio.run(check())


def test_a_warning_is_given_between_the_first_hour_and_the_end_of_the_first_day(place):
    async def check():
        async with room(place, deliver=False) as here:
            retention = Retention(here.store, POLICY)
            await retention.sweep(START)
            back = START + 31 * DAY
            await retention.sweep(back)
            for after, warned, sure in ((0, False, False), (2, True, False), (25, True, True)):
                now = back + after * HOUR
                assert (await here.store.run(foreseen, now) == now) is warned
                assert (await here.store.run(believed, now) == now) is sure

    asyncio.run(check())


@given(st.lists(st.integers(1, 26 * 60), max_size=50))
def test_a_clock_that_goes_on_is_believed(minutes):
    sight = Sight.of(START)
    for step in minutes:
        sight = sight.next(sight.seen + timedelta(minutes=step))
        assert sight.believed == sight.seen


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=5))
def test_a_clock_that_was_ahead_is_believed_at_once_when_it_is_right(days):
    sight = Sight.of(START)
    for ahead in days:
        sight = sight.next(START + ahead * DAY)
        assert sight.believed <= START + ahead * DAY
    assert sight.next(START).believed == START


def test_what_is_kept_of_the_clock_is_one_line(place):
    async def check():
        async with room(place, deliver=False) as here:
            for day in range(3):
                await Retention(here.store, POLICY).sweep(START + day * DAY)
            lines = await here.store.run(
                lambda db: db.execute(select(schema.meta).where(schema.meta.c.key == "clock")).all()
            )
            assert len(lines) == 1

    asyncio.run(check())
