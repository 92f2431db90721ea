"""An incident is told when it begins, daily, and when it's over; and nothing in between."""

from datetime import timedelta

import pytest
from sqlalchemy import insert
from watched import watching

from passback import AlertKind, Health, State
from passback.alerts.letter import shown
from passback.alerts.rendering import html_of, text_of
from passback.alerts.wording import letter_of
from passback.delivery import Outbox, Settlement
from passback.delivery.outbox.breaker import Breaker, save_breaker
from passback.delivery.outbox.changes import Change
from passback.delivery.outbox.history import Event, EventKind
from passback.delivery.outbox.leasing import Wish
from passback.store import schema

BEGAN, LASTS, OVER = AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_LASTS, AlertKind.INCIDENT_OVER
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_a_short_trouble_is_nobodys_business(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(4 * MINUTE)
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        assert here.kinds() == []

    watching(place, check)


def test_it_is_told_after_five_minutes_daily_and_when_it_is_over(place):
    async def check(here):
        await here.deliveries(7)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        (began,) = here.told.alerts
        assert (began.kind, began.health, began.detail) == (BEGAN, "can't connect", "connection refused")
        assert began.undelivered == 7
        await here.run(2 * DAY, 6 * HOUR)
        assert here.kinds() == [BEGAN, LASTS, LASTS]
        await here.become(State.DELIVERED)
        await here.health("ok")
        await here.run(5 * MINUTE)
        over = here.told.alerts[-1]
        assert here.kinds() == [BEGAN, LASTS, LASTS, OVER]
        assert (over.delivered, over.needs, over.since) == (7, 0, began.since)
        await here.run(3 * DAY, 6 * HOUR)
        assert here.mails() == [BEGAN, LASTS, LASTS, OVER]

    watching(place, check)


def test_how_long_it_lasted_is_said_without_the_calm_after_it(place):
    async def check(here):
        for _ in range(2):
            await here.health("can't connect")
            began = here.clock.now()
            await here.run(8 * MINUTE)
            await here.health("ok")
            until = here.clock.now()
            await here.run(5 * HOUR, 5 * MINUTE)
            over = here.told.alerts[-1]
            assert (over.kind, over.since, over.until) == (OVER, began, until)
        assert over.at - until >= 14 * MINUTE, "one that comes and goes is to be well for longer"
        lasted = f"lasted 8 minutes, from {shown(began)} to {shown(until)}."
        assert letter_of(over).paragraphs[0].endswith(lasted)

    watching(place, check)


@pytest.mark.parametrize("health", ["can't connect", "server error", "misconfigured"])
def test_of_a_connection_that_took_no_results_no_mail_speaks_as_if_it_did(place, health):
    async def check(here):
        await here.health(health)
        await here.run(6 * MINUTE)
        await here.run(DAY, 6 * HOUR)
        await here.health("ok")
        await here.run(5 * MINUTE)
        began, lasts, over = letters = [letter_of(each) for each in here.told.alerts]
        assert [each.title for each in letters] == [
            f"acme: {health}",
            f"acme: still {health}",
            "acme: working again",
        ]
        for each in (began, lasts):
            (meanwhile,) = each.paragraphs[1:]
            assert meanwhile == (
                "What comes for it meanwhile is kept, and sent by itself as soon as this is repaired. Until "
                "then, who signs in by it, and what its system sends here by itself, may be turned away."
            )
        assert over.paragraphs[0].startswith("The connection is well again. The trouble lasted 1 day")
        for each in letters:
            assert "result" not in text_of(each), "nobody knows of any"

    watching(place, check)


@pytest.mark.parametrize(
    ("state", "awaited"),
    [(State.PENDING, None), (State.WAITING, "launch"), (State.REJECTED, None), (None, None)],
)
def test_where_anything_was_accepted_the_mail_says_that_results_do_not_arrive(place, state, awaited):
    async def check(here):
        await here.health("misconfigured", last_success=here.clock.now() if state is None else None)
        if state is not None:
            await here.deliveries(1, state, "no", awaited)
        await here.run(6 * MINUTE)
        assert letter_of(here.told.alerts[0]).title == "acme: results don't arrive"

    watching(place, check)


def test_of_trouble_in_which_results_arrived_in_between_it_says_that_it_came_and_went(place):
    async def check(here):
        began = here.clock.now()
        for _ in range(3):
            await here.health("server error")
            await here.deliveries(1)
            await here.run(8 * MINUTE)
            await here.become(State.DELIVERED)
            await here.health("ok")
            until = here.clock.now()
            await here.run(MINUTE / 2)
        await here.run(HOUR, 5 * MINUTE)
        over = here.told.alerts[-1]
        assert (here.kinds(), over.came_and_went, over.delivered) == ([BEGAN, OVER], True, 3)
        assert letter_of(over).paragraphs[0] == (
            "The connection is well again, and results arrive. The trouble came and went for 25 minutes, "
            f"from {shown(began)} to {shown(until)}."
        )

    watching(place, check)


def test_of_trouble_that_ended_with_the_first_that_arrived_it_says_that_it_lasted(place):
    async def check(here):
        await here.health("server error")
        await here.deliveries(2)
        await here.run(8 * MINUTE)
        await here.become(State.DELIVERED, of=["r-0"], seconds=20)
        await here.health("ok")
        await here.run(MINUTE / 2)
        await here.become(State.DELIVERED)
        await here.run(HOUR, 5 * MINUTE)
        over = here.told.alerts[-1]
        assert (over.kind, over.came_and_went, over.delivered) == (OVER, False, 2)
        first = letter_of(over).paragraphs[0]
        assert first.startswith("The connection is well again, and results arrive. The trouble lasted 8 min")

    watching(place, check)


def test_what_waits_for_something_else_is_not_said_to_go_when_it_is_repaired(place):
    async def check(here):
        await here.deliveries(3)
        for many, awaited in ((4, "connection"), (5, "account"), (6, "activity"), (7, "launch")):
            await here.deliveries(many, State.WAITING, "not yet", awaited)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.run(DAY, 6 * HOUR)
        assert [(each.kind, each.undelivered) for each in here.told.alerts] == [(BEGAN, 7), (LASTS, 7)]

    watching(place, check)


def test_another_trouble_within_an_incident_is_the_same_incident(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.health("server error", "403")
        await here.run(DAY, 6 * HOUR)
        assert here.kinds() == [BEGAN, LASTS]
        first, again = here.told.alerts
        assert (again.health, again.detail, again.since) == ("server error", "403", first.since)

    watching(place, check)


@pytest.mark.parametrize(
    "detail",
    [
        "not reached (connection refused)",
        "not reached (certificate verify failed: self-signed certificate)",
        "no answer in time",
        "it cut the connection",
    ],
)
def test_that_it_cannot_connect_is_said_in_words_that_are_true_whatever_kept_the_answer(place, detail):
    async def check(here):
        await here.health("can't connect", f"POST https://lrs.example/: {detail}")
        await here.run(6 * MINUTE)
        said = " ".join(text_of(letter_of(here.told.alerts[-1])).split())
        assert (
            "can't connect to the learning system: it isn't reached, its certificate isn't trusted, "
            "or it gives no whole answer."
        ) in said

    watching(place, check)


@pytest.mark.parametrize(
    ("health", "detail", "heading"),
    [
        ("can't connect", "POST https://lrs.example/: not reached (connection refused)", "What happened"),
        ("server error", "POST /xapi/statements answered 500", "What happened"),
        ("misconfigured", "line 7: options.auth.key: missing", "What is wrong"),
    ],
)
def test_what_is_quoted_stands_under_what_it_is_whether_or_not_anything_came_back(
    place, health, detail, heading
):
    async def check(here):
        await here.health(health, detail)
        await here.run(6 * MINUTE)
        letter = letter_of(here.told.alerts[-1])
        assert f"\n\n{heading}:\n  {detail}\n\n" in text_of(letter)
        assert f">{heading}</p>" in html_of(letter)

    watching(place, check)


@pytest.mark.parametrize("health", ["server error", "can't connect"])
def test_of_a_system_that_asks_to_wait_it_says_until_when_and_blames_no_key_or_address(place, health):
    async def check(here):
        await here.deliveries(3)
        now = here.clock.now()
        asking = Breaker(
            health=Health(health),
            since=now,
            detail="POST /xapi/statements answered 503: it asks to come later",
            next_probe=now + 3 * HOUR,
            asked=now,
        )
        await here.store.run(save_breaker, "acme", asking)
        await here.run(6 * MINUTE)
        letter = letter_of(here.told.alerts[-1])
        assert letter.advice[0].startswith(f"The learning system asked to wait until {shown(now + 3 * HOUR)}")
        said = " ".join(text_of(letter).split())
        assert letter.subject == "acme: asks to wait"
        assert (
            "results don't arrive. By now, Passback is asked to wait: the learning system is reached" in said
        )
        assert "as soon as the system takes results again" in said
        for wrong in ("address", "key, secret", "isn't reached", "repaired"):
            assert wrong not in said
        await here.run(DAY, 6 * HOUR)
        assert letter_of(here.told.alerts[-1]).subject == "acme: still asks to wait, for 1 day"

    watching(place, check)


def test_of_a_system_that_asks_to_wait_for_longer_than_results_are_kept_it_says_that_they_are_given_up(place):
    async def check(here):
        await here.deliveries(3)
        now = here.clock.now()
        asked = {"next_probe": now + 5 * DAY, "asked": now}
        asking = Breaker(health=Health.SERVER_ERROR, since=now, detail="answered 503", **asked)
        await here.store.run(save_breaker, "acme", asking)
        await here.run(6 * MINUTE)
        assert here.told.alerts[-1].deadline == now + 2 * DAY
        said = " ".join(text_of(letter_of(here.told.alerts[-1])).split())
        assert f"From {shown(now + 2 * DAY)} on Passback gives up one after another" in said
        assert "No result is lost yet" in said

    watching(place, check, undelivered=2 * DAY)


def test_a_system_that_answers_for_a_moment_is_not_back(place):
    async def check(here):
        await here.health("server error")
        await here.run(6 * MINUTE)
        for _ in range(20):
            await here.health("ok")
            await here.run(0.5 * MINUTE)
            await here.health("server error")
            await here.run(0.5 * MINUTE)
        assert here.kinds() == [BEGAN]

    watching(place, check)


def test_one_that_comes_and_goes_all_day_is_told_of_a_few_times(place):
    async def check(here):
        for _ in range(2 * 24 * 3):
            await here.health("can't connect")
            await here.run(10 * MINUTE, 10 * MINUTE)
            await here.health("ok")
            await here.run(10 * MINUTE, 10 * MINUTE)
        assert len(here.kinds()) <= 2 * 8

    watching(place, check)


def test_that_it_is_over_is_told_when_the_backlog_has_gone(place):
    async def check(here):
        await here.deliveries(3)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.health("ok")
        await here.run(4 * MINUTE)
        assert here.kinds() == [BEGAN]
        await here.become(State.DELIVERED)
        await here.run(MINUTE)
        assert here.told.alerts[-1].delivered == 3

    watching(place, check)


def test_what_is_on_the_wire_has_not_gone_yet(place):
    async def check(here):
        await here.deliveries(3)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.health("ok")
        await here.become(State.DELIVERED, of=["r-0"])
        outbox, now = Outbox(here.store), here.clock.now()
        lease = await outbox.lease(Wish(connection="acme", limit=10, until=now + 6 * MINUTE), now)
        assert len(lease.rows) == 2
        await here.run(5 * MINUTE)
        assert here.kinds() == [BEGAN]
        arrived = [Change(delivery=row.seq, state=State.DELIVERED) for row in lease.rows]
        sent = Event(connection="acme", kind=EventKind.SENT, at=now)
        await outbox.settle(lease, Settlement(changes=arrived, event=sent), here.clock.now())
        await here.run(MINUTE)
        over = here.told.alerts[-1]
        assert (over.kind, over.delivered, over.undelivered) == (OVER, 3, 0)

    watching(place, check)


@pytest.mark.parametrize(
    ("set_back", "subject", "said"),
    [
        (0, "acme: working again", "Since it began, no result was sent, and none is on the way."),
        (2, "acme: working again: 2 results need you", "Since it began, no result was sent."),
    ],
)
def test_where_nothing_was_sent_it_says_so(place, set_back, subject, said):
    async def check(here):
        await here.health("can't connect", last_success=here.clock.now())
        await here.run(6 * MINUTE)
        await here.deliveries(set_back, State.REJECTED, "no")
        await here.health("ok", last_success=here.clock.now())
        await here.run(5 * MINUTE)
        letter = letter_of(here.told.alerts[-1])
        assert letter.subject == subject
        assert letter.paragraphs[0].startswith("The connection is well again. The trouble lasted")
        assert said in letter.paragraphs

    watching(place, check)


def test_that_none_is_on_the_way_does_not_say_that_what_was_rejected_before_is_there(place):
    async def check(here):
        await here.deliveries(1, State.REJECTED, "no score")
        await here.run(MINUTE)
        await here.deliveries(3)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.become(State.DELIVERED)
        await here.health("ok")
        await here.run(5 * MINUTE)
        over, digest = here.told.alerts[1:]
        assert (over.kind, digest.kind) == (OVER, AlertKind.DIGEST)
        assert "Since it began: 3 results sent, and none is on the way." in letter_of(over).paragraphs

    watching(place, check, gather=timedelta(0))


@pytest.mark.parametrize("later", [timedelta(0), DAY])
def test_a_system_that_says_it_is_well_and_takes_nothing_does_not_work_again(place, later):
    async def check(here):
        await here.deliveries(3)
        await here.health("server error")
        await here.run(6 * MINUTE)
        await here.health("ok")
        await here.put_off(later)
        await here.run(6 * HOUR, 5 * MINUTE)
        assert here.kinds() == [BEGAN]
        await here.health("server error")
        await here.run(DAY, 6 * HOUR)
        assert here.kinds() == [BEGAN, LASTS], "it's the same trouble still"
        await here.become(State.DELIVERED)
        await here.health("ok")
        await here.run(5 * MINUTE)
        assert here.kinds() == [BEGAN, LASTS, OVER]

    watching(place, check)


@pytest.mark.parametrize("gone", ["erased", "refused", "given up"])
def test_where_the_backlog_went_another_way_it_is_over(place, gone):
    async def check(here):
        await here.deliveries(3)
        await here.health("server error")
        await here.run(6 * MINUTE)
        await here.health("ok")
        if gone == "erased":
            await here.forget()
        else:
            reason = "not delivered within 30 days" if gone == "given up" else "no score"
            await here.become(State.REJECTED, reason)
        await here.run(5 * MINUTE)
        assert here.kinds() == [BEGAN, OVER]

    watching(place, check)


def test_a_system_that_refuses_what_comes_one_after_another_is_at_work(place):
    async def check(here):
        await here.health("server error")
        await here.run(6 * MINUTE)
        await here.health("ok")
        for _ in range(5):
            await here.become(State.REJECTED, "no score")
            await here.deliveries(1)
            await here.run(5 * MINUTE)
        assert here.kinds() == [BEGAN, OVER]

    watching(place, check)


def test_a_backlog_that_takes_its_time_delays_the_word_by_a_quarter_of_an_hour(place):
    async def check(here):
        await here.deliveries(1)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.health("ok")
        await here.become(State.DELIVERED)
        await here.deliveries(3)
        await here.run(10 * MINUTE)
        assert here.kinds() == [BEGAN]
        await here.run(6 * MINUTE)
        assert here.kinds() == [BEGAN, OVER]
        assert here.told.alerts[-1].undelivered == 3

    watching(place, check)


def test_when_it_is_over_it_says_what_needs_somebody_and_the_digest_does_not_repeat_it(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.health("ok")
        await here.deliveries(2, State.REJECTED, "no score")
        await here.deliveries(1, State.WAITING, "nobody there", "account")
        await here.run(2 * DAY, 6 * HOUR)
        over = here.told.alerts[-1]
        assert here.kinds() == [BEGAN, OVER]
        assert [(each.reason, each.count) for each in over.setbacks] == [("no score", 2), ("nobody there", 1)]
        assert over.setbacks[0].example == "r-0"

    watching(place, check)


def test_a_connection_that_is_configured_no_longer_ends_its_incident_in_silence(place):
    async def check(here):
        await here.health("misconfigured", "no such connector")
        await here.run(6 * MINUTE)
        here.contacts.clear()
        await here.run(3 * DAY, 6 * HOUR)
        assert here.kinds() == [BEGAN]
        here.contacts["acme"] = "a@acme.example"
        await here.run(MINUTE)
        assert here.kinds() == [BEGAN, BEGAN], "it's ill still, and that is news to whoever named it again"

    watching(place, check)


@pytest.mark.parametrize("away", [MINUTE, 20 * HOUR])
def test_a_configuration_that_lacks_a_connection_for_a_while_ends_nothing(place, away):
    async def check(here):
        await here.deliveries(3)
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        contact = here.contacts.pop("acme")
        await here.run(away, away / 4)
        here.contacts["acme"] = contact
        await here.run(HOUR)
        assert here.kinds() == [BEGAN]
        await here.become(State.DELIVERED)
        await here.health("ok")
        await here.run(5 * MINUTE)
        assert here.mails() == [BEGAN, OVER]
        assert here.told.alerts[-1].since == here.told.alerts[0].since

    watching(place, check)


def test_what_came_back_to_health_while_it_was_not_configured_is_told_afterwards(place):
    async def check(here):
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        contact = here.contacts.pop("acme")
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        assert here.kinds() == [BEGAN]
        here.contacts["acme"] = contact
        await here.run(MINUTE)
        assert here.kinds() == [BEGAN, OVER]

    watching(place, check)


def test_a_process_with_an_older_configuration_reminds_of_nothing_and_ends_nothing(place):
    async def check(here):
        serving = {"name": "newer", "until": 0, "serves": '["acme"]'}
        await here.store.run(lambda db: db.execute(insert(schema.worker), serving))
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        newer, here.contacts = here.contacts, {"other": "other@acme.example"}
        here.restart()
        await here.run(5 * DAY, 6 * HOUR)
        assert here.kinds() == [BEGAN]
        here.contacts = newer
        here.restart()
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        assert here.kinds() == [BEGAN, OVER]

    watching(place, check)


def test_nothing_is_told_twice_over_restarts(place):
    async def check(here):
        await here.health("can't connect")
        for _ in range(4):
            here.restart()
            await here.run(2 * MINUTE)
        await here.health("ok")
        for _ in range(4):
            here.restart()
            await here.run(MINUTE)
        assert here.mails() == [BEGAN, OVER]

    watching(place, check)


def test_a_clock_that_was_set_back_hurts_nothing(place):
    async def check(here):
        await here.health("can't connect")
        here.clock.advance(-7200)
        await here.run(6 * MINUTE)
        assert here.kinds() == [BEGAN]

    watching(place, check)


def test_that_it_broke_is_not_told_after_it_works_again(place):
    async def check(here):
        here.mail.refusal = "the mail server is away, too"
        await here.health("can't connect")
        await here.run(HOUR)
        await here.health("ok")
        here.mail.refusal = ""
        await here.run(HOUR, MINUTE)
        await here.run(DAY, HOUR)
        assert here.mails() == [OVER]

    watching(place, check)


def test_what_was_given_up_meanwhile_is_no_longer_said_to_be_safe(place):
    async def check(here):
        await here.deliveries(3)
        await here.health("can't connect")
        await here.run(DAY + 6 * MINUTE, HOUR)
        await here.become(State.REJECTED, "not delivered within 30 days; at last: refused")
        await here.run(DAY, HOUR)
        before, after = here.told.alerts[-2:]
        assert (before.kind, before.needs) == (LASTS, 0)
        assert "No result is lost" in text_of(letter_of(before))
        assert (after.kind, after.needs) == (LASTS, 3)
        said = " ".join(text_of(letter_of(after)).split())
        assert "Too long undelivered, 3 results were given up." in said
        assert "No result is lost" not in said
        assert "passback replay --connection acme --state rejected" in said
        await here.health("ok")
        await here.run(HOUR, 5 * MINUTE)
        said = " ".join(text_of(letter_of(here.told.alerts[-1])).split())
        assert "Given up: it couldn't be delivered in time." in said
        assert "the learning system refuses it" not in said

    watching(place, check)


def test_until_when_what_waits_is_kept_is_said_once_that_is_soon(place):
    async def check(here):
        await here.deliveries(3)
        await here.health("can't connect")
        await here.run(28 * DAY, 6 * HOUR)
        (warning,) = [each for each in here.told.alerts if each.kind is AlertKind.EXPIRING]
        lasting = [each for each in here.told.alerts if each.kind in (BEGAN, LASTS)]
        before, after = lasting[-3], lasting[-1]
        assert before.deadline is None
        assert "No result is lost: what waits" in text_of(letter_of(before))
        assert after.deadline == warning.deadline
        said = " ".join(text_of(letter_of(after)).split())
        assert "No result is lost yet: what waits (3 results)" in said
        assert f"From {shown(after.deadline)} on Passback gives up one after another, unless" in said
        assert "What is given up is rejected" in said
        await here.deliveries(1)
        await here.become(State.REJECTED, "not delivered within 30 days", of=["r-0", "r-1", "r-2"])
        await here.run(DAY, 6 * HOUR)
        said = " ".join(text_of(letter_of(here.told.alerts[-1])).split())
        assert "Nothing else is lost: what waits (1 result)" in said

    watching(place, check)


def test_what_was_told_before_and_waits_for_the_same_is_not_told_again_when_it_is_over(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3, State.WAITING, "nobody there", "account")
        await here.run(2 * HOUR, 5 * MINUTE)
        assert here.kinds() == [AlertKind.DIGEST]
        await here.health("can't connect")
        await here.run(6 * MINUTE)
        await here.again()
        await here.health("ok")
        await here.become(State.WAITING, "nobody there", "account")
        await here.deliveries(1, State.WAITING, "nobody there", "account")
        await here.run(HOUR, 5 * MINUTE)
        assert here.kinds() == [AlertKind.DIGEST, BEGAN, OVER]
        assert here.told.alerts[-1].needs == 1

    watching(place, check)
