"""A look-up that fails is told as an outage: once when it begins, once when it's over, as one with it."""

from datetime import timedelta

import pytest
from watched import watching

from passback import AlertKind, CannotConnect, RateLimited, ServerError, State
from passback.alerts.rendering import text_of
from passback.alerts.wording import letter_of
from passback.contract import AMBIGUOUS
from passback.delivery import looked_up

BEGAN, LASTS, OVER = AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_LASTS, AlertKind.INCIDENT_OVER
DIGEST = AlertKind.DIGEST
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEY = ServerError("GET /users answered 401; check the key")


async def wait_for_an_account(here, count):
    """Have `count` results wait at a connection of which nothing else is known."""
    await here.health("ok")
    await here.deliveries(count, State.WAITING, "nobody is known to be this learner", "account")


async def looked(here, failure=None):
    await here.store.run(looked_up, "acme", failure, here.clock.now())


def said(alert):
    return " ".join(text_of(letter_of(alert)).split())


def test_a_wrong_key_is_told_once_in_the_words_of_an_outage_and_when_it_is_over(place):
    async def check(here):
        await wait_for_an_account(here, 20)
        for _ in range(12):
            await looked(here, KEY)
            here.restart()
            await here.run(MINUTE)
        (began,) = here.told.alerts
        assert (began.kind, began.health, began.undelivered) == (BEGAN, "server error", 20)
        assert "users can't be looked up: GET /users answered 401; check the key" in said(began)
        assert "Are key, secret or token in the configuration still valid?" in said(began)
        assert "isn't known there" not in said(began)
        await looked(here)
        await here.again()
        await here.become(State.DELIVERED)
        await here.run(DAY, 5 * MINUTE)
        assert here.mails() == [BEGAN, OVER]
        assert here.told.alerts[-1].delivered == 20

    watching(place, check)


def test_it_is_over_too_when_nothing_waits_for_it_any_more(place):
    async def check(here):
        await wait_for_an_account(here, 1)
        await looked(here, KEY)
        await here.run(6 * MINUTE)
        await here.forget()
        await looked(here, KEY)
        await here.run(HOUR, 5 * MINUTE)
        assert here.mails() == [BEGAN, OVER]

    watching(place, check)


@pytest.mark.parametrize("mended", ["delivering", "looking"])
def test_whichever_of_the_two_fails_first_and_passes_first_it_is_one_incident(place, mended):
    async def check(here):
        await wait_for_an_account(here, 1)
        await looked(here, CannotConnect("refused"))
        await here.run(6 * MINUTE)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        for turn in range(6):
            # Now the one answers, now the other.
            if (mended == "delivering") == bool(turn % 2):
                await here.health("ok")
                await looked(here, CannotConnect("refused"))
            else:
                await here.health("server error")
                await looked(here)
            await here.run(10 * MINUTE)
        assert here.kinds() == [BEGAN]
        await here.health("ok")
        await looked(here)
        await here.run(HOUR, 5 * MINUTE)
        assert here.kinds() == [BEGAN, OVER]

    watching(place, check)


def test_while_users_cannot_be_looked_up_what_arrives_otherwise_makes_no_trouble_that_comes_and_goes(place):
    async def check(here):
        await wait_for_an_account(here, 1)
        await here.run(HOUR, 5 * MINUTE)
        await looked(here, KEY)
        for _ in range(3):
            await here.run(10 * MINUTE)
            await here.deliveries(1)
            await here.become(State.DELIVERED)
        await looked(here)
        await here.run(HOUR, 5 * MINUTE)
        over = here.told.alerts[-1]
        assert (over.kind, over.delivered, over.came_and_went) == (OVER, 3, False)
        assert "The connection is well again, and results arrive. The trouble lasted 30 minutes" in said(over)

    watching(place, check)


def test_a_look_up_that_comes_and_goes_must_be_well_for_a_while_before_that_is_told(place):
    async def check(here):
        await wait_for_an_account(here, 1)
        for _ in range(10):
            await looked(here, KEY)
            await here.run(10 * MINUTE)
            await looked(here)
            await here.run(MINUTE / 2)
        assert here.kinds() == [BEGAN]

    watching(place, check)


def test_while_users_cannot_be_looked_up_no_mail_says_that_they_are_not_known(place):
    async def check(here):
        await wait_for_an_account(here, 3)
        await looked(here, RateLimited("slow down"))
        await here.run(HOUR, 5 * MINUTE)
        (digest,) = here.told.alerts
        assert (digest.kind, digest.health) == (DIGEST, "ok")
        assert "the learner isn't known there" not in said(digest)
        assert "users can't be looked up there now" in said(digest)
        await looked(here, KEY)
        await here.run(28 * DAY, 6 * HOUR)
        expiring = next(each for each in here.told.alerts if each.kind is AlertKind.EXPIRING)
        assert "users can't be looked up there now" in said(expiring)
        assert "Are key, secret or token in the configuration still valid?" in said(expiring)

    watching(place, check)


def test_who_could_be_several_users_is_told_as_such_with_the_commands_that_settle_it(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3, State.WAITING, f"{AMBIGUOUS}, and a person has to say which", "account")
        await here.run(HOUR, 5 * MINUTE)
        (digest,) = here.told.alerts
        assert "several users there could be the learner, and none is guessed" in said(digest)
        assert "isn't known there" not in said(digest)
        assert "passback users accounts acme --state ambiguous" in said(digest)
        assert "passback users decide acme LEARNER USER" in said(digest)

    watching(place, check)


def test_once_a_look_up_passed_who_is_not_known_is_told_as_such(place):
    async def check(here):
        await wait_for_an_account(here, 3)
        await looked(here, KEY)
        await here.run(6 * MINUTE)
        await looked(here)
        await here.run(HOUR, 5 * MINUTE)
        assert here.kinds() == [BEGAN, OVER]
        assert "Waiting for an account: the learner isn't known there." in said(here.told.alerts[-1])
        await here.run(DAY, HOUR)
        assert here.kinds() == [BEGAN, OVER]

    watching(place, check)
