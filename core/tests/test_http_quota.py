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


def kept_of(counter):
    """Return what `counter` has kept, each time that it's kept."""
    kept = []

    async def keep(used):
        kept.append(used)

    counter.kept_by(keep)
    return kept


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


BACK = [timedelta(seconds=40), timedelta(hours=12), timedelta(hours=30), timedelta(days=400)]


@pytest.mark.parametrize("span", ["minute", "hour", "day"])
@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("restarted", [False, True])
def test_what_was_sent_by_a_clock_that_was_ahead_counts_in_the_window_of_now(span, back, restarted):
    counter, clock = meter(**{span: 3})
    clock.at += back
    assert [allowed(counter) for _ in range(2)] == [True, True]
    used = counter.used
    if restarted:
        counter, clock = meter(**{span: 3})
        counter.recall(used)
    else:
        clock.at -= back
    assert [allowed(counter) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(("span", "length"), [("minute", 60), ("hour", 3600), ("day", 86400)])
@given(st.integers(0, 86400 * 3))
def test_nobody_waits_longer_than_a_window_however_far_a_clock_is_set_back(span, length, back):
    counter, clock = meter(**{span: 1})
    clock.at += timedelta(seconds=back)
    counter.take()
    clock.at -= timedelta(seconds=back)
    with pytest.raises(RateLimited) as told:
        counter.take()
    assert told.value.until - clock.at <= timedelta(seconds=length)
    clock.at = told.value.until
    counter.take()


pauses = st.lists(st.integers(0, 30), max_size=15)


@given(pauses, pauses, pauses, st.integers(0, 4000), st.integers(1, 5), st.integers(1, 20))
def test_a_clock_that_was_right_again_lets_no_window_hold_more_than_its_quota(
    before, meanwhile, after, ahead, minute, hour
):
    counter, clock = meter(minute=minute, hour=hour)
    sent = []
    for wrong, those in ((0, before), (ahead, meanwhile), (0, after)):
        for pause in those:
            clock.at += timedelta(seconds=pause + wrong)
            if allowed(counter):
                sent.append(clock.at - timedelta(seconds=wrong))
                for window, limit in (("%Y-%m-%dT%H:%M", minute), ("%Y-%m-%dT%H", hour)):
                    here = [each for each in sent if f"{each:{window}}" == f"{sent[-1]:{window}}"]
                    assert wrong or len(here) <= limit
            clock.at -= timedelta(seconds=wrong)


def test_what_was_sent_before_a_clock_went_ahead_counts_as_well_once_it_is_set_back():
    counter, clock = meter("2026-11-21T09:00:00", day=6)
    for hours in (0, 38, 2):
        clock.at += timedelta(hours=hours)
        counter.take()
        counter.take()
    clock.at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    again, _ = meter("2026-11-21T12:00:00", day=6)
    again.recall(counter.used)
    assert (allowed(counter), allowed(again)) == (False, False)
    clock.at += timedelta(hours=12)
    assert allowed(counter)


def test_what_counts_in_the_window_of_now_is_kept_so_that_it_counts_in_no_later_one_after_a_restart():
    counter, clock = meter(day=1)
    kept = kept_of(counter)

    async def check():
        clock.at += timedelta(days=1)
        await counter.count()
        clock.at -= timedelta(days=1)
        with pytest.raises(RateLimited):
            await counter.count()

    asyncio.run(check())
    again, _ = meter("2026-11-22T09:00:00", day=1)
    again.recall(kept[-1])
    assert allowed(again)


def test_what_is_counted_is_kept_before_it_is_sent():
    counter, _ = meter(day=1)
    kept = kept_of(counter)

    async def check():
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
