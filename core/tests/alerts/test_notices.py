"""Notices are kept until they arrive: tried again, withdrawn where they're pointless, given up after days."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update
from watched import CONTACT, Letterbox, watching

from passback import AlertKind, Health, State
from passback.alerts import Alerts, Watched, list_notices
from passback.alerts.channel import InDoubt
from passback.alerts.hold import held
from passback.alerts.rendering import text_of
from passback.alerts.wording import letter_of
from passback.delivery import Retention, RetentionPolicy
from passback.store import milliseconds, schema

BEGAN, LASTS, OVER = AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_LASTS, AlertKind.INCIDENT_OVER
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_what_is_not_taken_is_tried_again_less_and_less_often(place):
    async def check(here):
        here.mail.refusal = "the mail server is away"
        await here.health("can't connect")
        await here.run(10 * MINUTE)
        (notice,) = await list_notices(here.store, 10)
        assert (notice.state, notice.error, notice.recipient) == ("failing", here.mail.refusal, CONTACT)
        await here.run(12 * HOUR, 10 * MINUTE)
        (notice,) = await list_notices(here.store, 10)
        assert 6 <= notice.attempts <= 12
        here.mail.refusal = ""
        await here.run(4 * HOUR, HOUR)
        assert here.mails() == [BEGAN]
        (notice,) = await list_notices(here.store, 10)
        assert (notice.state, notice.error) == ("sent", "")

    watching(place, check)


@pytest.mark.parametrize("restarted", [False, True])
def test_what_failed_is_tried_at_once_by_a_configuration_that_is_read_anew(place, restarted):
    async def check(here):
        here.mail.refusal = "wrong password"
        await here.health("can't connect")
        await here.run(9 * HOUR, 10 * MINUTE)
        here.mail.refusal = ""
        await here.run(MINUTE)
        assert here.mails() == []
        if restarted:
            here.restart()
        else:
            here.go_over()
        await here.run(MINUTE)
        assert here.mails() == [BEGAN]

    watching(place, check)


def test_what_may_have_arrived_waits_for_its_hour_also_where_the_configuration_is_read_anew(place):
    async def check(here):
        here.mail.refusal = InDoubt("had it all, and said nothing")
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        here.mail.refusal = ""
        here.go_over()
        await here.run(50 * MINUTE, 5 * MINUTE)
        assert here.mails() == []
        await here.run(20 * MINUTE, 5 * MINUTE)
        assert here.mails() == [BEGAN]

    watching(place, check)


def test_each_try_has_the_same_key_so_that_a_repetition_can_be_known(place):
    async def check(here):
        keys = []

        async def send(parcels):
            for each in parcels:
                keys.append(each.key)
                yield "" if len(keys) > 2 else "not yet"

        here.mail.send = send
        await here.health("can't connect")
        await here.run(HOUR)
        assert len(keys) == 3
        assert len(set(keys)) == 1

    watching(place, check)


def test_after_three_days_it_is_given_up_and_its_error_stays(place):
    async def check(here):
        await here.health("can't connect")
        here.mail.refusal = "no such mailbox"
        await here.run(10 * MINUTE)
        await here.health("ok")
        await here.run(5 * DAY, 4 * HOUR)
        notices = await list_notices(here.store, 10)
        assert {each.state for each in notices} == {"given up"}
        assert {each.error for each in notices} == {"no such mailbox"}
        here.mail.refusal = ""
        await here.run(DAY, 4 * HOUR)
        assert here.mails() == []

    watching(place, check)


def test_what_may_have_arrived_is_sent_three_times_at_most(place):
    async def check(here):
        here.mail.refusal = InDoubt("had it all, and said nothing")
        sent = []
        here.mail.tried = sent.append
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.run(DAY - HOUR, 5 * MINUTE)
        assert len(sent) == 3
        (notice,) = await list_notices(here.store, 10)
        assert (notice.state, notice.error) == ("given up", "had it all, and said nothing")

    watching(place, check)


def test_reminders_that_came_late_are_withdrawn_when_it_is_over(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(10 * MINUTE)
        here.mail.refusal = "the mail server is away"
        await here.run(2 * DAY, 6 * HOUR)
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        here.mail.refusal = ""
        await here.run(8 * HOUR, HOUR)
        assert here.mails() == [BEGAN, OVER]

    watching(place, check)


def test_one_that_cannot_be_read_is_given_up_and_holds_back_no_other(place):
    async def check(here):
        here.mail.refusal = "the mail server is away"
        await here.health("ok")
        await here.deliveries(1, State.REJECTED, "no")
        await here.run(HOUR, 5 * MINUTE)
        await here.store.run(lambda db: db.execute(update(schema.notice).values(body=b"\0\xff")))
        await here.health("can't connect")
        here.mail.refusal = ""
        await here.run(HOUR, 5 * MINUTE)
        assert here.mails() == [BEGAN]
        _, digest = await list_notices(here.store, 10)
        assert (digest.state, digest.error) == ("given up", "what is kept of it can't be read")

    watching(place, check)


def without_mail(here):
    """Start again by a configuration that names no mail server."""
    watched = Watched(contacts=here.contacts, observers=(here.told,))
    here.alerts = Alerts(here.store, here.clock, here.policy, watched, "here")


def test_that_it_is_over_is_mailed_to_who_was_told_once_a_mail_server_is_configured_again(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        without_mail(here)
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        assert here.kinds() == [BEGAN, OVER]
        here.restart()
        await here.run(HOUR, 5 * MINUTE)
        assert here.mails() == [BEGAN, OVER]
        assert [each.recipient for each in here.mail.taken] == [CONTACT, CONTACT]

    watching(place, check)


def test_who_heard_that_it_began_hears_that_it_is_over_whoever_is_the_contact_by_then(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        here.contacts["acme"] = "new@acme.example"
        here.restart()
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        told = [(each.alert.kind, each.recipient) for each in here.mail.taken]
        assert told == [(BEGAN, CONTACT), (OVER, CONTACT), (OVER, "new@acme.example")]

    watching(place, check)


def test_that_it_broke_is_not_mailed_once_there_is_a_mail_server_again_and_it_works(place):
    async def check(here):
        here.mail.refusal = "the mail server is away"
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        without_mail(here)
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        here.mail.refusal = ""
        here.restart()
        await here.run(5 * HOUR, HOUR)
        assert here.mails() == [OVER]

    watching(place, check)


def test_who_was_never_told_that_it_broke_hears_nothing_of_its_end_while_there_is_no_mail_server(place):
    async def check(here):
        without_mail(here)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        assert await list_notices(here.store, 10) == []

    watching(place, check)


def test_what_no_mail_server_was_there_for_is_given_up_in_time_too(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        without_mail(here)
        await here.health("ok")
        await here.run(4 * DAY, 4 * HOUR)
        over, _ = await list_notices(here.store, 10)
        assert (over.kind, over.state) == (OVER, "given up")
        here.restart()
        await here.run(DAY, 4 * HOUR)
        assert here.mails() == [BEGAN]

    watching(place, check)


def test_it_goes_to_the_contact_as_it_is_configured_now(place):
    async def check(here):
        here.mail.refusal = "no such mailbox"
        await here.health("can't connect")
        await here.run(10 * MINUTE)
        here.contacts["acme"] = "right@acme.example"
        here.mail.refusal = ""
        await here.run(HOUR, 5 * MINUTE)
        assert [each.recipient for each in here.mail.taken] == ["right@acme.example"]

    watching(place, check)


def test_who_has_no_usable_contact_gets_no_mail_but_observers_are_told(place):
    async def check(here):
        here.contacts["acme"] = ""
        await here.health("misconfigured")
        await here.run(10 * MINUTE)
        assert here.kinds() == [BEGAN]
        assert await list_notices(here.store, 10) == []

    watching(place, check)


async def lives(here, member):
    """Have `member` say that it lives; by the server's clock, which nobody simulates."""
    sign = {"name": f"{member}:1", "until": milliseconds(datetime.now(UTC) + HOUR), "serves": "[]"}
    await here.store.run(lambda db: db.execute(insert(schema.worker), sign))


@pytest.mark.parametrize("signs_of_life", [True, False])
def test_of_two_processes_one_tells_and_the_other_takes_over_when_it_is_gone(shared, signs_of_life):
    """It's gone without a sign of life for half a minute; or it lives, and tells nobody anything."""

    async def check(here):
        await lives(here, "here")
        await here.health("can't connect")
        await here.run(MINUTE)
        here.restart("another")
        await here.run(7 * MINUTE)
        assert here.kinds() == [], "the first may be about to tell"
        if not signs_of_life:
            dead = update(schema.worker).values(until=milliseconds(datetime.now(UTC)))
            await here.store.run(lambda db: db.execute(dead))
        await here.run(MINUTE if not signs_of_life else 10 * MINUTE)
        assert here.kinds() == [BEGAN]

    watching(shared, check)


def test_who_delivers_from_a_file_tells_at_once_whoever_did_before(tmp_path):
    async def check(here):
        await here.health("can't connect")
        await here.run(MINUTE)
        here.restart("another")
        await here.run(5 * MINUTE)
        assert here.kinds() == [BEGAN]

    watching(tmp_path / "passback.db", check)


def test_who_stops_in_order_lets_another_tell_at_once(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        stopping = asyncio.Event()
        stopping.set()
        await here.alerts.run(stopping)
        here.restart("another")
        await here.run(DAY, HOUR)
        assert here.kinds() == [BEGAN, LASTS]
        assert here.mails() == [BEGAN, LASTS]

    watching(place, check)


def test_who_was_taken_over_from_while_sending_sends_no_more(shared):
    async def check(here):
        await lives(here, "another")
        here.contacts["other"] = "other@acme.example"

        class Slow(type(here.mail)):
            async def send(self, parcels):
                async for reason in super().send(parcels):
                    here.clock.advance(20 * 60)
                    await here.store.run(held, "another", here.clock.now())
                    yield reason

        here.mail = Slow()
        here.restart()
        await here.health("can't connect")
        await here.health("can't connect", name="other")
        await here.run(6 * MINUTE)
        assert here.mails() == [BEGAN]

    watching(shared, check)


def test_what_was_to_be_sent_of_who_is_erased_is_sent_without_their_names(place):
    async def check(here):
        ana, said = "learner-0@example.com", "nobody is called {}; learner-1@example.com is"
        here.mail.refusal = "the mail server is away"
        await here.health("ok")
        await here.deliveries(2, State.REJECTED, said.format(ana))
        await here.run(HOUR, 5 * MINUTE)
        await here.health("server error", f"PUT /users/{ana.replace('@', '%40')} answered 403")
        await here.run(HOUR, 5 * MINUTE)
        assert await Retention(here.store, RetentionPolicy()).erase(ana, "default") == 1
        here.mail.refusal = ""
        await here.run(5 * HOUR, HOUR)
        assert here.mails() == [AlertKind.DIGEST, BEGAN]
        digest, began = (each.alert for each in here.mail.taken)
        (setback,) = digest.setbacks
        assert (setback.count, setback.reason) == (1, said.format("(erased)"))
        assert setback.example == "r-1", "of the other nothing is there any more"
        assert began.detail == "PUT /users/(erased) answered 403"
        assert await list_notices(here.store, 10)

    watching(place, check)


def test_an_alert_comes_back_from_the_outbox_as_it_was(place):
    async def check(here):
        await here.deliveries(2)
        await here.health("server error", "403\x1b[2J")
        await here.run(10 * MINUTE)
        (parcel,) = here.mail.taken
        assert parcel.alert == here.told.alerts[0]
        assert parcel.alert.health is Health.SERVER_ERROR

    watching(place, check)


def test_that_results_are_given_up_soon_is_not_told_after_they_arrived(place):
    async def check(here):
        await here.deliveries(5)
        await here.health("can't connect")
        await here.run(26 * DAY, DAY)
        here.mail.refusal = "the mail server is away"
        await here.run(DAY + 6 * HOUR, 6 * HOUR)
        assert AlertKind.EXPIRING in here.kinds()
        await here.become(State.DELIVERED)
        await here.health("ok")
        await here.run(HOUR, 15 * MINUTE)
        here.mail.refusal = ""
        await here.run(5 * HOUR, HOUR)
        assert here.mails()[-1] == OVER
        assert AlertKind.EXPIRING not in here.mails()

    watching(place, check)


def test_what_is_given_up_soon_is_told_as_it_stands_when_it_is_sent(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3)
        await here.run(26 * DAY, DAY)
        here.mail.refusal = "the mail server is away"
        await here.run(DAY + 6 * HOUR, 6 * HOUR)
        (decided,) = here.told.alerts
        await here.become(State.DELIVERED, of=["r-0", "r-1"])
        await here.health("server error", "403")
        here.mail.refusal = ""
        await here.run(5 * HOUR, HOUR)
        sent = next(each.alert for each in here.mail.taken if each.alert.kind is AlertKind.EXPIRING)
        assert (decided.undelivered, decided.health) == (3, "ok")
        assert (sent.undelivered, sent.health, sent.detail) == (1, "server error", "403")
        assert sent.deadline == decided.deadline

    watching(place, check)


@pytest.mark.parametrize(("late", "told"), [(HOUR, True), (12 * HOUR, False)])
def test_a_next_try_is_told_only_where_it_is_still_to_come_when_that_is_sent(place, late, told):
    async def check(here):
        here.mail.refusal = "the mail server is away"
        await here.health("can't connect", next_probe=here.clock.now() + 7 * HOUR)
        await here.run(late, 10 * MINUTE)
        here.mail.refusal = ""
        await here.run(5 * HOUR, 10 * MINUTE)
        (sent,) = (each.alert for each in here.mail.taken)
        assert (sent.kind, sent.at - here.told.alerts[0].at) == (BEGAN, timedelta())
        assert ("It's tried again by itself, next at" in text_of(letter_of(sent))) is told

    watching(place, check)


def test_what_was_repaired_before_its_digest_went_needs_nobody(place):
    async def check(here):
        await here.health("ok", last_success=here.clock.now())
        here.mail.refusal = "the mail server is away"
        await here.deliveries(3, State.REJECTED, "no score")
        await here.deliveries(2, State.REJECTED, "no such course")
        await here.run(HOUR, 15 * MINUTE)
        assert here.told.alerts[0].needs == 5
        await here.repaired("r-0", "r-1", "r-2")
        await here.health("server error", "500")
        here.mail.refusal = ""
        await here.run(5 * HOUR, HOUR)
        digest = here.mail.taken[0].alert
        assert [(each.reason, each.count) for each in digest.setbacks] == [("no such course", 2)]
        assert "The connection works" not in text_of(letter_of(digest))

    watching(place, check)


def test_a_digest_of_nothing_is_not_sent(place):
    async def check(here):
        await here.health("ok")
        here.mail.refusal = "the mail server is away"
        await here.deliveries(3, State.REJECTED, "no score")
        await here.run(HOUR, 15 * MINUTE)
        await here.repaired("r-0", "r-1", "r-2")
        here.mail.refusal = ""
        await here.run(5 * HOUR, HOUR)
        assert here.mails() == []
        assert await list_notices(here.store, 10) == []

    watching(place, check)


def test_digests_that_had_to_wait_are_one_of_all_that_still_needs_somebody(place):
    """Of each channel by itself: who got the first isn't told of it again."""

    async def check(here):
        here.others = [Letterbox("webhook")]
        here.go_over()
        await here.health("ok")
        here.mail.refusal = "the mail server is away"
        for day in range(3):
            await here.deliveries(2, State.REJECTED, f"reason {day}")
            await here.run(DAY, 6 * HOUR)
        await here.repaired("r-2", "r-3")
        here.mail.refusal = ""
        await here.run(8 * HOUR, HOUR)
        (digest,) = (each.alert for each in here.mail.taken)
        assert [(each.reason, each.count) for each in digest.setbacks] == [("reason 0", 2), ("reason 2", 2)]
        told = [[each.reason for each in parcel.alert.setbacks] for parcel in here.others[0].taken]
        assert told == [["reason 0"], ["reason 1"], ["reason 2"]]

    watching(place, check)


def test_a_digest_that_had_to_wait_does_not_repeat_what_was_told_when_an_incident_was_over(place):
    async def check(here):
        await here.health("ok")
        here.mail.refusal = "the mail server is away"
        await here.deliveries(1, State.REJECTED, "before")
        await here.run(HOUR, 15 * MINUTE)
        await here.health("can't connect")
        await here.run(HOUR, 15 * MINUTE)
        await here.deliveries(1, State.REJECTED, "meanwhile")
        await here.health("ok")
        await here.run(DAY, 6 * HOUR)
        await here.deliveries(1, State.REJECTED, "after")
        await here.run(DAY, 6 * HOUR)
        here.mail.refusal = ""
        await here.run(8 * HOUR, HOUR)
        said = {each.alert.kind: [one.reason for one in each.alert.setbacks] for each in here.mail.taken}
        assert said == {OVER: ["meanwhile"], AlertKind.DIGEST: ["after", "before"]}

    watching(place, check)
