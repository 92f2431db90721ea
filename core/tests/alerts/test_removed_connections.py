"""A connection that was renamed or removed: what waits for it isn't given up before somebody was told."""

from datetime import timedelta

from sqlalchemy import insert
from watched import CONTACT, Letterbox, watching

from passback import AlertKind, State
from passback.alerts.rendering import text_of
from passback.alerts.wording import letter_of
from passback.store import schema

BEGAN, EXPIRING = AlertKind.INCIDENT_BEGAN, AlertKind.EXPIRING
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def renamed(here):
    """Rename ``acme`` while three results wait for it."""
    here.others = [Letterbox("webhook")]
    here.restart()
    here.accepted = here.clock.now()
    await here.deliveries(3, State.WAITING, "the configuration doesn't name it", "connection")
    here.contacts.clear()
    here.contacts["acme-2"] = "new@acme.example"


def test_who_was_told_of_it_last_is_told_and_the_webhook_and_observers(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await renamed(here)
        await here.run(26 * DAY, DAY)
        assert here.mails() == [BEGAN]
        await here.run(3 * DAY, 12 * HOUR)
        assert here.kinds() == [BEGAN, EXPIRING]
        alert, (posted,) = here.told.alerts[-1], here.others[0].taken
        assert (alert.undelivered, alert.configured) == (3, False)
        assert alert.deadline == here.accepted + 30 * DAY
        assert posted.alert == alert
        assert [each.recipient for each in here.mail.taken] == [CONTACT, CONTACT]

    watching(place, check)


def test_where_nobody_was_ever_told_the_webhook_and_observers_are_and_whoever_reads_the_log(place, caplog):
    async def check(here):
        await here.health("ok")
        await renamed(here)
        await here.run(29 * DAY, DAY)
        assert here.kinds() == [EXPIRING]
        assert [each.alert.kind for each in here.others[0].taken] == [EXPIRING]
        assert here.mails() == []
        (warned,) = [each for each in caplog.records if each.levelname == "WARNING"]
        assert warned.getMessage().startswith("acme: 3 results about to be given up, and the configuration")

    watching(place, check)


def test_it_says_that_the_configuration_names_it_no_longer_and_what_to_do(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await renamed(here)
        await here.run(29 * DAY, DAY)
        letter = letter_of(here.mail.taken[-1].alert)
        said = " ".join(text_of(letter).split())
        assert letter.subject == "acme: 3 results about to be given up"
        assert "the configuration doesn't name this connection any more" in said
        assert "waits under its old name: add that again" in said
        assert "whoever it told of the connection acme last" in said
        assert "passback deliveries --connection acme --state waiting" in said
        assert "connection refused" not in said, "that is how it did when it was served last"

    watching(place, check)


def test_what_another_process_still_serves_is_its_own_business(place):
    async def check(here):
        serving = {"name": "newer", "until": 0, "serves": '["acme"]'}
        await here.store.run(lambda db: db.execute(insert(schema.worker), serving))
        await here.health("ok")
        await renamed(here)
        await here.run(29 * DAY, DAY)
        assert here.kinds() == []

    watching(place, check)


def test_it_is_told_once_and_anew_only_after_there_was_nothing_to_give_up(place):
    async def check(here):
        await here.health("ok")
        for told in (1, 2):
            await renamed(here)
            await here.run(29 * DAY, DAY)
            assert here.kinds() == [EXPIRING] * told
            await here.forget()
            await here.run(HOUR)

    watching(place, check)
