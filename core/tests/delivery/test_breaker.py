"""How long a connection rests, and what is said of it."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import START

from passback import CannotConnect, Health, RateLimited, ServerError
from passback.delivery import Backoff
from passback.delivery.outbox.breaker import Breaker, load_breaker, save_breaker
from passback.http import QuotaUsedUp
from passback.store import Store

FINE = Breaker(health=Health.OK, since=START)


@given(st.integers(1, 10**6), st.integers())
def test_no_wait_is_longer_than_the_ceiling_nor_without_jitter(fails, seed):
    backoff = Backoff(first=1, ceiling=900)
    longest = min(900, 2.0 ** min(fails - 1, 30))
    wait = backoff.after(fails, random.Random(seed)).total_seconds()
    assert longest / 2 - 1e-6 <= wait <= longest


@given(
    st.lists(
        st.sampled_from([CannotConnect("x"), ServerError("x"), RateLimited("x")]), min_size=1, max_size=40
    )
)
def test_the_next_probe_is_never_more_than_a_quarter_of_an_hour_away(failures):
    breaker = FINE
    for failure in failures:
        breaker = breaker.failed(failure, START, Backoff(), random.Random(1))
        assert START < breaker.next_probe <= START + timedelta(minutes=15)
    assert breaker.succeeded(START, arrived=True).closed


def test_since_tells_when_the_trouble_began_not_when_it_was_seen_last():
    first = FINE.failed(CannotConnect("x"), START, Backoff(), random.Random(1))
    second = first.failed(CannotConnect("y"), START + timedelta(hours=1), Backoff(), random.Random(1))
    assert (second.since, second.detail, second.fails) == (START, "y", 2)


def test_being_asked_to_wait_is_no_illness():
    until = START + timedelta(hours=7)
    breaker = FINE.failed(RateLimited("slow", until=until), START, Backoff(), random.Random(1))
    assert (breaker.health, breaker.next_probe, breaker.closed) == (Health.OK, until, True)


@pytest.mark.parametrize("days", [0.5, 3, 30])
def test_a_quota_of_its_own_that_is_used_up_makes_no_connection_ill(days):
    breaker = FINE
    for hours in range(0, 72, 9):
        now = START + timedelta(hours=hours)
        used_up = QuotaUsedUp("its own quota", until=now + timedelta(days=days))
        breaker = breaker.failed(used_up, now, Backoff(), random.Random(1))
        assert (breaker.health, breaker.detail, breaker.closed) == (Health.OK, "its own quota", True)
    assert breaker.next_probe == min(used_up.until, now + timedelta(days=7))


@pytest.mark.parametrize("failure", [CannotConnect("refused"), ServerError("500")])
def test_a_quota_of_its_own_that_is_used_up_says_nothing_of_a_system_that_is_ill(failure):
    ill = FINE.failed(failure, START, Backoff(), random.Random(1))
    used_up = QuotaUsedUp("its own quota", until=START + timedelta(hours=1))
    after = ill.failed(used_up, START + timedelta(seconds=1), Backoff(), random.Random(1))
    assert (after.health, after.detail, after.since) == (ill.health, str(failure), START)


def test_whoever_asks_to_wait_was_reached():
    refused = FINE.failed(CannotConnect("x"), START, Backoff(), random.Random(1))
    asks = RateLimited("slow", until=START + timedelta(hours=1))
    assert refused.failed(asks, START, Backoff(), random.Random(1)).health is Health.SERVER_ERROR


@pytest.mark.parametrize("until", [datetime.max.replace(tzinfo=UTC), START + timedelta(days=8)])
def test_nobody_waits_longer_than_a_week_however_long_it_is_asked_to(until):
    """A connector may have misread the system's word, as seconds where it has milliseconds."""
    breaker = FINE.failed(RateLimited("slow", until=until), START, Backoff(), random.Random(1))
    assert breaker.wait(START, Backoff()) == timedelta(days=7)


@pytest.mark.parametrize("until", [None, timedelta(minutes=10)])
def test_who_asks_to_wait_for_longer_than_a_day_and_takes_nothing_is_ill(until):
    def asked(breaker, hours):
        now = START + timedelta(hours=hours)
        error = RateLimited("slow", until=until and now + until)
        return breaker.failed(error, now, Backoff(), random.Random(1))

    breaker = FINE
    for hours in range(25):
        breaker = asked(breaker, hours)
        assert breaker.health is Health.OK
    ill = asked(breaker, 25)
    assert (ill.health, ill.since) == (Health.SERVER_ERROR, START + timedelta(hours=25))
    well = ill.succeeded(START + timedelta(hours=26), arrived=True)
    assert asked(well, 27).health is Health.OK


def failed(breaker, minutes, **said):
    now = START + timedelta(minutes=minutes)
    wait = said.pop("wait", None)
    error = RateLimited("x", until=wait and now + timedelta(minutes=wait), **said)
    return breaker.failed(error, now, Backoff(), random.Random(1))


def test_a_system_that_is_out_of_order_for_a_while_is_ill_after_a_quarter_of_an_hour():
    first = failed(FINE, 0, wait=5, down=True)
    assert (first.health, first.next_probe) == (Health.OK, START + timedelta(minutes=5))
    second = failed(first, 5, wait=5, down=True)
    assert second.health is Health.OK
    third = failed(second, 10, wait=5, down=True)
    assert (third.health, third.next_probe) == (Health.SERVER_ERROR, START + timedelta(minutes=15))


@pytest.mark.parametrize(("wait", "down"), [(60, True), (60 * 24 * 7, False)])
def test_who_asks_to_wait_for_too_long_is_ill_at_once_and_obeyed(wait, down):
    breaker = failed(FINE, 0, wait=wait, down=down)
    assert (breaker.health, breaker.next_probe) == (Health.SERVER_ERROR, START + timedelta(minutes=wait))


def test_who_says_at_once_again_and_again_is_asked_less_and_less_often():
    breaker = FINE
    for fails in range(1, 9):
        breaker = breaker.failed(RateLimited("x", until=START), START, Backoff(), random.Random(1))
        assert breaker.fails == fails
    assert breaker.next_probe > START + timedelta(minutes=1)


def test_all_that_is_known_of_a_connection_is_there_after_a_restart(place):
    moments = {name: START + timedelta(hours=n) for n, name in enumerate(("next_probe", "decided", "asked"))}
    known = Breaker(
        health=Health.SERVER_ERROR, since=START, detail="slow", fails=3, last_success=START, **moments
    )

    async def check():
        store = Store(place)
        await store.open()
        await store.run(save_breaker, "lms", known, {"day": (1.5, 2)})
        found = await store.run(load_breaker, "lms", START)
        await store.close()
        assert found == (known, {"day": (1.5, 2)})

    asyncio.run(check())
