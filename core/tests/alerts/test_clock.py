"""A clock that was ahead silences nobody, and reminds nobody of what was told."""

from datetime import timedelta

from watched import watching

from passback import AlertKind, State
from passback.delivery import Repair, Retention, RetentionPolicy

BEGAN, LASTS, OVER = AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_LASTS, AlertKind.INCIDENT_OVER
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YEAR = 365 * 86400


async def ahead(here, do=None):
    """Let the clock be a year ahead for two minutes, and be noticed when it's set right."""
    retention = Retention(here.store, RetentionPolicy())
    await retention.sweep(here.clock.now())
    here.clock.advance(YEAR)
    await retention.sweep(here.clock.now())
    if do is not None:
        await do()
    await here.run(2 * MINUTE)
    here.clock.advance(-YEAR)
    await Repair(here.store).pull_back(here.clock.now())


def test_an_incident_is_reminded_of_daily_afterwards(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await ahead(here)
        told = len(here.kinds())
        await here.run(3 * DAY, HOUR)
        assert here.kinds()[told:] == [LASTS, LASTS, LASTS]

    watching(place, check)


def test_an_incident_that_ended_meanwhile_is_over(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await ahead(here, do=lambda: here.health("ok"))
        await here.run(HOUR)
        assert here.kinds()[-1] is OVER
        assert here.kinds().count(OVER) == 1

    watching(place, check)


def test_what_is_set_back_afterwards_is_told(place):
    async def check(here):
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        await ahead(here, do=lambda: here.deliveries(1, State.REJECTED, "no"))
        await here.run(2 * DAY, HOUR)
        before = here.kinds().count(AlertKind.DIGEST)
        await here.deliveries(5, State.REJECTED, "no")
        await here.run(2 * DAY, HOUR)
        assert here.kinds().count(AlertKind.DIGEST) == before + 1
        assert here.told.alerts[-1].needs == 5

    watching(place, check)


def test_a_mail_that_failed_meanwhile_is_sent_within_hours(place):
    async def check(here):
        await here.health("can't connect")
        here.mail.refusal = "busy"
        await ahead(here, do=lambda: here.run(6 * MINUTE))
        here.mail.refusal = ""
        await here.run(5 * HOUR, 5 * MINUTE)
        assert here.mails() == [BEGAN]

    watching(place, check)


def test_a_moment_ahead_warns_of_nothing(place):
    async def check(here):
        await here.deliveries(3)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await ahead(here, do=lambda: here.run(20 * MINUTE))
        assert AlertKind.EXPIRING not in here.kinds()

    watching(place, check)
