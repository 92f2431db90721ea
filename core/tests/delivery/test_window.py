"""How many deliveries are sent at once, where a system doesn't say how many it takes."""

import asyncio
from datetime import timedelta
from itertools import cycle, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import START, deliver_all, result, room

from passback import CannotConnect, HealthChanged, ServerError
from passback.delivery.lanes.window import Window
from passback.errors import BatchTooLarge


def new(most):
    window = Window(most)
    window.first()
    return window


def drain(window, limit, total, now=START, *, says=False):
    """Send `total` to a system that fails above `limit`, a second each; return what was sent.

    Where it `says` that it's too large, halves of it are sent at once.
    """
    sent = []
    while total > 0:
        count = min(window.size, total)
        sent.append(count)
        now += timedelta(seconds=1)
        if count <= limit:
            total -= count
            window.passed(count, now)
        elif says:
            total -= count
            refuse(window, count, limit, now)
        elif not window.too_large(count):
            window.shut()
    return sent


def refuse(window, count, limit, now):
    while count > limit:
        count = (count + 1) // 2
    window.fits(count, now)
    window.passed(count, now)


@pytest.mark.parametrize("most", [50, 100, 500])
@pytest.mark.parametrize("limit", [1, 3, 7, 10, 30, 49])
def test_a_system_that_fails_on_larger_batches_is_sent_about_as_many_as_it_takes(most, limit):
    sent = drain(new(most), limit, 100 * limit)
    assert len(sent) <= 100 * 4 / 3 + 3
    assert not [pair for pair in pairwise(sent) if min(pair) > limit]


def test_what_fails_is_tried_ever_more_rarely():
    sent = drain(new(100), 10, 100_000)
    assert sum(count > 10 for count in sent[200:]) <= 10


def test_a_system_that_takes_more_again_is_sent_whole_batches_within_an_hour():
    window, spent = new(100), 10_000
    drain(window, 3, 3 * spent)
    assert window.size < 10
    later = START + timedelta(seconds=spent, hours=1)
    assert drain(window, 100, 1000, later)[-5] == 100


@pytest.mark.parametrize("limit", [1, 3, 10, 30, 99])
def test_a_system_that_says_that_it_was_too_large_is_sent_as_many_as_it_takes_and_more_ever_more_rarely(
    limit,
):
    sent = drain(new(100), limit, 20_000 * limit, says=True)
    assert sum(count > limit for count in sent) <= 12 + len(sent) / 3600
    assert sum(count <= limit / 2 for count in sent) <= 2


def test_some_large_results_that_a_system_refuses_shrink_batches_for_a_minute_only():
    window = new(100)
    window.passed(10, START)
    refuse(window, 100, 1, START)
    assert drain(window, 100, 30)[-1] == 1
    assert drain(window, 100, 1000, START + timedelta(minutes=1))[1:-1] == [2, 20, *[100] * 9]


@pytest.mark.parametrize("learnt", [100, 30])
def test_after_an_outage_as_many_are_sent_as_before_it_with_the_next_few(learnt):
    window = new(100)
    before = drain(window, learnt, 10_000)[-2]
    assert not window.too_large(before)
    window.shut()
    assert max(drain(window, learnt, 1000)[:6]) >= before * 0.9


def test_an_outage_while_more_is_tried_says_nothing_of_how_many_it_takes():
    window = new(100)
    window.passed(10, START)
    assert window.too_large(100)
    assert not window.too_large(window.size)
    window.shut()
    assert drain(window, 100, 1000)[:3] == [1, 10, 100]


def test_what_the_connector_answers_by_itself_does_not_tell_whether_it_was_too_many():
    window = new(100)
    window.passed(10, START)
    assert window.too_large(100)
    window.passed(0, START)
    assert window.size == 10


WHAT = st.sampled_from(["sent", "sent", "sent", "one", "by itself", "outage", "refused"])
HISTORY = st.lists(st.tuples(WHAT, st.sampled_from([0, 7200, -9000])), min_size=10, max_size=60)


@settings(max_examples=300)
@given(
    most=st.sampled_from([1, 2, 10, 100]), limits=st.lists(st.integers(1, 100), min_size=5), history=HISTORY
)
def test_whatever_happened_at_least_one_is_sent_and_whole_batches_once_enough_passed(most, limits, history):
    window, now, limit = new(most), START, cycle(limits)
    for what, seconds in history:
        now += timedelta(seconds=seconds)
        count = 1 if what == "one" else window.size
        if what == "by itself":
            window.passed(0, now)
        elif what == "refused":
            refuse(window, count, next(limit), now)
        elif what != "outage" and count <= next(limit):
            window.passed(count, now)
        elif what == "outage" or not window.too_large(count):
            window.shut()
        assert 1 <= window.size <= most
    for _ in range(120):
        now += timedelta(minutes=1)
        window.passed(window.size, now)
    assert window.size == most


def test_after_an_outage_one_is_sent_at_least_though_the_connector_answers_by_itself_first():
    window = new(100)
    drain(window, 30, 1000)
    window.shut()
    window.passed(0, START + timedelta(hours=1))
    assert window.size >= 1


@pytest.mark.parametrize(("limit", "changes"), [(3, 2), (10, 0), (30, 0)])
@pytest.mark.parametrize("error", [ServerError("500", status=500), CannotConnect("cut")])
def test_a_system_that_fails_on_larger_batches_alone_is_well_and_gets_its_backlog(
    place, limit, changes, error
):
    async def check():
        async with room(place, batch=50) as here:

            def behave(batch):
                if len(batch.deliveries) > limit:
                    raise error
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(*(result(number) for number in range(60 * limit)))
            await here.run(60, step=0.5, arrived=60 * limit)
            assert len(set(here.connector.arrived)) == 60 * limit
            assert len(here.connector.batches) <= 60 * 4 / 3 + 3
            assert len([each for each in here.events if isinstance(each, HealthChanged)]) == changes

    asyncio.run(check())


def test_what_a_system_fails_on_is_found_out_once_however_often_there_is_nothing_to_send(place):
    async def check():
        async with room(place, batch=50) as here:

            def behave(batch):
                if len(batch.deliveries) > 30:
                    raise ServerError("500", status=500)
                return deliver_all(batch)

            here.connector.behaviour = behave
            for burst in range(3):
                await here.put(*(result(number) for number in range(200 * burst, 200 * burst + 200)))
                await here.run(15, step=0.5)
                assert len(here.connector.arrived) == 200 * (burst + 1)
            assert sum(len(batch) > 30 for batch in here.connector.batches) == 4
            assert not [each for each in here.events if isinstance(each, HealthChanged)]

    asyncio.run(check())


def test_a_few_large_results_that_a_system_refuses_do_not_shrink_the_batches_of_a_backlog_for_good(place):
    async def check():
        async with room(place, batch=50) as here:

            def behave(batch):
                if len(batch.deliveries) > 30:
                    raise ServerError("500", status=500)
                if sum(each.result.id < "r-1010" for each in batch.deliveries) > 1:
                    raise BatchTooLarge("413")
                return deliver_all(batch)

            here.connector.behaviour = behave
            for burst in [range(2000, 2200), range(1000, 1010), range(3000, 3100), range(4000, 4100)]:
                await here.put(*(result(number) for number in burst))
                await here.run(45, step=0.5)
            assert len(here.connector.arrived) == 410
            assert max(len(batch) for batch in here.connector.batches[-4:]) >= 20

    asyncio.run(check())


def test_an_outage_while_more_is_tried_is_seen_at_the_next_attempt(place):
    async def check():
        async with room(place, batch=50) as here:

            def behave(batch):
                if len(here.connector.batches) > 1:
                    raise CannotConnect("not reached")
                return deliver_all(batch)

            here.connector.behaviour = behave
            await here.put(*(result(number) for number in range(100)))
            await here.run(0.25)
            assert [len(batch) for batch in here.connector.batches] == [10, 50, 10]
            assert [each.now for each in here.events if isinstance(each, HealthChanged)] == ["can't connect"]

    asyncio.run(check())
