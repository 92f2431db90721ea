"""A clock that goes by a server's: whatever this machine says, and however long an answer takes."""

import time
from datetime import UTC, datetime, timedelta, timezone

from passback.clock import ServerClock

HOURS = timedelta(hours=2)
SECOND = timedelta(seconds=1)


def told(clock, ahead, took=0.0, ago=0.0):
    """Have `clock` learn that the server is ahead of this machine by so much."""
    ended = time.monotonic() - ago
    moment = datetime.now(UTC) - timedelta(seconds=ago + took / 2)
    clock.learn(moment + ahead, ended - took, ended)


def ahead(clock):
    return clock.now() - datetime.now(UTC)


def test_the_servers_time_counts(caplog):
    clock = ServerClock()
    told(clock, HOURS, took=0.4, ago=30)
    assert abs(ahead(clock) - HOURS) < SECOND / 2
    told(clock, -HOURS)
    assert abs(ahead(clock) + HOURS) < SECOND / 2
    assert "2:00:00 behind that of the outbox's server" in caplog.text


def test_it_is_in_utc_wherever_the_server_is():
    clock = ServerClock()
    there = datetime.now(timezone(5 * timedelta(hours=1)))
    clock.learn(there + HOURS, time.monotonic(), time.monotonic())
    assert clock.now().tzinfo is UTC


def test_it_is_set_for_no_difference_that_an_answer_makes_by_the_time_that_it_takes():
    clock = ServerClock()
    told(clock, HOURS)
    before = ahead(clock)
    for each in (0.8, -0.8, 0.7):
        told(clock, HOURS + each * SECOND)
        assert abs(ahead(clock) - before) < SECOND / 2


def test_an_answer_that_took_long_says_nothing():
    clock = ServerClock()
    told(clock, HOURS, took=3)
    assert abs(ahead(clock)) < SECOND / 2


def test_a_clock_that_is_wrong_is_told_of_once_until_it_was_right_again(caplog):
    clock = ServerClock()
    for each in (HOURS, HOURS, timedelta(), -HOURS, -HOURS):
        told(clock, each)
    said = [each.getMessage().split(" that ")[0] for each in caplog.records]
    assert said == [
        "the clock of this machine is 2:00:00 behind",
        "the clock of this machine is 2:00:00 ahead of",
    ]
