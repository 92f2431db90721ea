"""A connection's own quota: what is beyond it isn't sent, and when the window ends everything goes on."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import RateLimited
from passback.http import Meter, Quota


class Now:
    def __init__(self, at):
        self.at = at

    def now(self):
        return self.at


def meter(at="2026-11-21T09:30:20", **quota):
    clock = Now(datetime.fromisoformat(at).replace(tzinfo=UTC))
    return Meter(Quota(**quota), clock), clock


def allowed(counter):
    try:
        counter.take()
    except RateLimited:
        return False
    return True


@pytest.mark.parametrize(
    ("quota", "until"),
    [
        ({"minute": 2}, "2026-11-21T09:31:00"),
        ({"hour": 2}, "2026-11-21T10:00:00"),
        ({"day": 2}, "2026-11-22T00:00:00"),
        ({"minute": 2, "hour": 2}, "2026-11-21T10:00:00"),
        ({"minute": 2, "day": 9}, "2026-11-21T09:31:00"),
    ],
)
def test_what_is_beyond_it_waits_for_the_window_to_end(quota, until):
    counter, clock = meter(**quota)
    counter.take()
    counter.take()
    with pytest.raises(RateLimited, match=r"own quota of requests, 2 per (minute|hour|day), is") as told:
        counter.take()
    assert told.value.until == datetime.fromisoformat(until).replace(tzinfo=UTC)
    clock.at = told.value.until
    counter.take()


def test_a_restart_forgets_nothing():
    counter, _ = meter(day=3)
    counter.take()
    counter.take()
    again, _ = meter(day=3)
    again.recall(counter.used)
    assert [allowed(again), allowed(again)] == [True, False]


@pytest.mark.parametrize("ahead", [1, 59])
def test_a_window_that_somebody_began_whose_clock_is_ahead_is_the_one_that_counts(ahead):
    theirs, clock = meter(minute=2)
    clock.at += timedelta(seconds=ahead)
    theirs.take()
    theirs.take()
    mine, _ = meter(minute=2)
    mine.recall(theirs.used)
    assert not allowed(mine)


def test_a_window_far_in_the_future_was_begun_by_a_clock_that_was_wrong():
    theirs, clock = meter(minute=2)
    clock.at += timedelta(days=400)
    theirs.take()
    theirs.take()
    mine, _ = meter(minute=2)
    mine.recall(theirs.used)
    assert allowed(mine)


def test_what_is_counted_is_kept_before_it_is_sent():
    counter, _ = meter(day=1)
    kept = []

    async def keep(used):
        kept.append(used)

    async def check():
        counter.kept_by(keep)
        await counter.count()
        with pytest.raises(RateLimited):
            await counter.count()

    asyncio.run(check())
    assert [count for used in kept for _, count in used.values()] == [1]


def test_without_a_quota_nothing_is_counted():
    counter, _ = meter()
    assert all(allowed(counter) for _ in range(100))
    assert counter.used == {}


@given(st.lists(st.integers(0, 90), max_size=60), st.integers(1, 5), st.integers(1, 20))
def test_no_window_ever_holds_more_than_its_quota(pauses, minute, hour):
    counter, clock = meter(minute=minute, hour=hour)
    sent = []
    for pause in pauses:
        clock.at += timedelta(seconds=pause)
        if allowed(counter):
            sent.append(clock.at)
    for window, limit in (("%Y-%m-%dT%H:%M", minute), ("%Y-%m-%dT%H", hour)):
        windows = [each.strftime(window) for each in sent]
        assert all(windows.count(each) <= limit for each in set(windows))
