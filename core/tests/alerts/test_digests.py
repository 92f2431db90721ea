"""A healthy connection: one digest a day of what is new, and a warning before anything is given up."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from watched import watching

from passback import AlertKind, State
from passback.alerts import AlertPolicy
from passback.alerts.rendering import text_of
from passback.alerts.wording import letter_of
from passback.contract import GIVEN_UP
from passback.delivery import Retention, RetentionPolicy

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_many_failures_are_one_digest_by_reason(place):
    async def check(here):
        await here.health("ok")
        for _ in range(5):
            await here.deliveries(4, State.REJECTED, "no score")
            await here.deliveries(1, State.WAITING, "nobody there", "account")
            await here.run(MINUTE)
        await here.run(10 * MINUTE, MINUTE)
        (digest,) = here.told.alerts
        assert [(each.state, each.reason, each.count, each.example) for each in digest.setbacks] == [
            ("rejected", "no score", 20, "r-0"),
            ("waiting", "nobody there", 5, "r-4"),
        ]
        assert digest.needs == 25

    watching(place, check)


def test_what_differs_only_in_whom_a_system_names_is_one_reason(place):
    async def check(here):
        await here.health("ok")
        for number in range(30):
            await here.deliveries(1, State.REJECTED, f"POST /grades answered 404: no user u{1000 + number}")
        await here.deliveries(2, State.REJECTED, "POST /grades answered 422: no user u1001")
        await here.run(HOUR, 5 * MINUTE)
        (digest,) = here.told.alerts
        assert digest.more == 0
        assert [(each.reason, each.count, each.example) for each in digest.setbacks] == [
            ("POST /grades answered 404: no user …", 30, "r-0"),
            ("POST /grades answered 422: no user u1001", 2, "r-30"),
        ]

    watching(place, check)


@pytest.mark.parametrize("delivered", [False, True])
def test_that_the_connection_works_is_said_only_where_something_was_delivered(place, delivered):
    async def check(here):
        await here.health("ok", last_success=here.clock.now() if delivered else None)
        await here.deliveries(2, State.WAITING, "nobody there", "account")
        await here.run(HOUR, 5 * MINUTE)
        (digest,) = here.mail.taken
        said = text_of(letter_of(digest.alert))
        assert ("The connection works" in said) is delivered
        assert "learning system doesn't have the following" in " ".join(said.split())

    watching(place, check)


@pytest.mark.parametrize(("reason", "refused"), [("no score", True), (f"{GIVEN_UP} 30 days", False)])
def test_how_to_correct_is_said_of_what_was_refused_and_how_to_replay_of_all_that_is_rejected(
    place, reason, refused
):
    async def check(here):
        await here.health("ok")
        await here.deliveries(2, State.REJECTED, reason)
        await here.run(HOUR, 5 * MINUTE)
        (digest,) = here.mail.taken
        said = text_of(letter_of(digest.alert))
        assert "passback replay --connection acme --state rejected" in said
        for command in (
            "passback export --corrections --connection acme --state rejected -o corrections.jsonl\n",
            "passback submit corrections.jsonl\n",
        ):
            assert (command in said) is refused

    watching(place, check)


def test_there_is_one_a_day_and_only_of_what_is_new(place):
    async def check(here):
        await here.health("ok")
        for day in range(3):
            for _ in range(6):
                await here.deliveries(1, State.REJECTED, f"reason of day {day}")
                await here.run(4 * HOUR, 4 * HOUR)
        digests = here.told.alerts
        assert len(digests) == 3
        assert sum(each.needs for each in digests) <= 18
        await here.run(3 * DAY, 12 * HOUR)
        assert len(digests) == 4
        assert sum(each.needs for each in digests) == 18

    watching(place, check)


def test_what_waits_on_is_no_news_although_it_is_tried_every_day(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3, State.WAITING, "no such activity", "activity")
        await here.run(HOUR, 5 * MINUTE)
        for _ in range(4):
            await here.again()
            await here.become(State.WAITING, "no such activity", "activity")
            await here.run(DAY, 6 * HOUR)
        assert [each.needs for each in here.told.alerts] == [3]

    watching(place, check)


def test_what_is_rejected_once_more_after_a_replay_is_news(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3, State.REJECTED, "no score")
        await here.run(2 * DAY, 8 * HOUR)
        await here.again()
        await here.become(State.REJECTED, "no score")
        await here.run(2 * DAY, 8 * HOUR)
        assert [each.needs for each in here.told.alerts] == [3, 3]

    watching(place, check)


def test_what_mended_itself_meanwhile_is_not_told(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3, State.WAITING, "nobody there", "account")
        await here.run(5 * MINUTE, MINUTE)
        await here.again()
        await here.become(State.DELIVERED)
        await here.run(DAY, 6 * HOUR)
        assert here.told.alerts == []

    watching(place, check)


def test_a_digest_waits_for_the_end_of_an_incident(place):
    async def check(here):
        await here.deliveries(3, State.REJECTED, "no score")
        here.clock.advance(60)
        await here.health("can't connect")
        await here.run(DAY / 2, 4 * HOUR)
        assert here.kinds() == [AlertKind.INCIDENT_BEGAN]
        await here.health("ok")
        await here.run(DAY, 4 * HOUR)
        assert here.kinds() == [AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_OVER, AlertKind.DIGEST]

    watching(place, check)


def test_ten_reasons_are_shown_and_the_others_counted(place):
    async def check(here):
        await here.health("ok")
        for number in range(15):
            await here.deliveries(15 - number, State.REJECTED, f"reason {number}")
        await here.run(HOUR, 5 * MINUTE)
        (digest,) = here.told.alerts
        assert [each.reason for each in digest.setbacks] == [f"reason {number}" for number in range(10)]
        assert digest.more == 5 + 4 + 3 + 2 + 1

    watching(place, check)


def test_a_restart_repeats_no_digest(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3, State.REJECTED, "no score")
        for _ in range(15):
            here.restart()
            await here.run(MINUTE, MINUTE)
        assert here.mails() == [AlertKind.DIGEST]

    watching(place, check)


def test_deliveries_that_are_removed_are_forgotten_here_too(place):
    async def check(here):
        await here.health("ok")
        await here.deliveries(3, State.REJECTED, "no score")
        await here.run(HOUR, 5 * MINUTE)
        await here.forget()
        left = await here.store.run(lambda db: db.scalar(text("SELECT count(*) FROM told")))
        assert left == 0

    watching(place, check)


@pytest.mark.parametrize("state", ["pending", "waiting"])
def test_what_is_given_up_soon_is_told_once(place, state):
    async def check(here):
        await here.health("ok")
        waits = state == "waiting"
        await here.deliveries(2, State.WAITING if waits else State.PENDING, "", "launch" if waits else None)
        accepted = here.clock.now()
        await here.run(26 * DAY, 2 * DAY)
        assert AlertKind.EXPIRING not in here.kinds()
        here.restart()
        await here.run(3 * DAY, 12 * HOUR)
        (alert,) = [each for each in here.told.alerts if each.kind is AlertKind.EXPIRING]
        assert alert.undelivered == 2
        assert alert.deadline == alert.at + 3 * DAY >= accepted + 30 * DAY

    watching(place, check)


@pytest.mark.parametrize("restarted", [False, True])
def test_nothing_is_given_up_before_it_was_told_in_time(place, restarted):
    """Also where somebody shortens how long results are kept."""

    async def check(here):
        await here.deliveries(5)
        await here.health("can't connect")
        for _ in range(5):
            assert await Retention(here.store, RetentionPolicy()).sweep(here.clock.now()) == (0, 0)
            await here.run(DAY, 6 * HOUR)
        here.policy = AlertPolicy(undelivered=4 * DAY)
        kept = RetentionPolicy(undelivered=here.policy.undelivered, notice=here.policy.notice)
        retention = Retention(here.store, kept)
        assert await retention.sweep(here.clock.now()) == (0, 0)
        if restarted:
            here.restart()
        else:
            here.go_over()
        await here.run(HOUR, 15 * MINUTE)
        (alert,) = [each for each in here.told.alerts if each.kind is AlertKind.EXPIRING]
        assert alert.deadline == alert.at + 2 * DAY
        reminded = here.told.alerts[-1]
        assert reminded.deadline in (None, alert.deadline)
        while here.clock.now() < alert.deadline:
            assert await retention.sweep(here.clock.now()) == (0, 0)
            await here.run(5 * HOUR, 5 * HOUR)
        assert await retention.sweep(here.clock.now()) == (5, 0)

    watching(place, check)


def kept_for(here, span):
    """Have what is undelivered be kept for `span` by both who warns and who gives up; return the latter."""
    here.policy = AlertPolicy(undelivered=span)
    here.go_over()
    return Retention(here.store, RetentionPolicy(undelivered=span, notice=here.policy.notice))


async def swept(here, retention, span):
    """Let `span` pass, sweeping before each look; return how many were given up."""
    end, given_up = here.clock.now() + span, 0
    while here.clock.now() < end:
        given_up += (await retention.sweep(here.clock.now()))[0]
        await here.run(6 * HOUR, 6 * HOUR)
    return given_up


@pytest.mark.parametrize("restarted", [False, True])
def test_what_is_too_old_only_since_its_time_was_shortened_is_told_before_it_is_given_up(place, restarted):
    """Although something older, of which they were warned before, waits there all the time."""

    async def check(here):
        await here.health("ok")
        retention = kept_for(here, 30 * DAY)
        await here.deliveries(1, State.WAITING, "nobody", "account")
        assert await swept(here, retention, 15 * DAY) == 0
        await here.deliveries(10, State.WAITING, "nobody", "account")
        assert await swept(here, retention, 14 * DAY + 12 * HOUR) == 0
        assert here.kinds().count(AlertKind.EXPIRING) == 1
        for _ in range(2):
            here.clock.advance(10 * 3600)
            retention = kept_for(here, 14 * DAY)
            if restarted:
                here.restart()
            assert await swept(here, retention, 6 * HOUR) == 0
            (*_, alert) = (each for each in here.told.alerts if each.kind is AlertKind.EXPIRING)
            assert (alert.undelivered, alert.deadline) == (11, alert.at + 3 * DAY)
            await swept(here, kept_for(here, 40 * DAY), DAY)
        retention = kept_for(here, 14 * DAY)
        assert await swept(here, retention, 3 * DAY) == 0
        assert here.kinds().count(AlertKind.EXPIRING) == 4, "once each time that it was shortened"
        assert await swept(here, retention, DAY) == 11

    watching(place, check)


def test_warnings_that_wait_for_a_mail_server_are_one_mail(place):
    async def check(here):
        await here.health("ok")
        here.mail.refusal = "the mail server is away"
        await here.deliveries(2, State.WAITING, "nobody", "account")
        await swept(here, kept_for(here, 30 * DAY), 28 * DAY)
        await swept(here, kept_for(here, 14 * DAY), 12 * HOUR)
        assert here.kinds().count(AlertKind.EXPIRING) == 2
        here.mail.refusal = ""
        await here.run(6 * HOUR, HOUR)
        assert here.mails().count(AlertKind.EXPIRING) == 1

    watching(place, check)


def test_what_a_connection_has_that_never_was_served_is_told_of_too(place):
    async def check(here):
        await here.deliveries(2)
        await here.run(28 * DAY, 12 * HOUR)
        (alert,) = here.told.alerts
        assert (alert.kind, alert.undelivered) == (AlertKind.EXPIRING, 2)

    watching(place, check)


@pytest.mark.parametrize(("days", "half"), [(2, 24), (3, 36), (5, 60)])
def test_nothing_young_is_given_up_soon_however_short_its_time(place, days, half):
    async def check(here):
        await here.health("ok")
        for _ in range(3):
            await here.deliveries(1)
            await here.run((half - 1) * HOUR, (half - 1) * HOUR / 6)
            assert here.kinds() == []
            await here.become(State.DELIVERED)
        await here.deliveries(1)
        await here.run((half + 1) * HOUR, (half + 1) * HOUR / 6)
        assert here.kinds() == [AlertKind.EXPIRING]

    watching(place, check, undelivered=days * DAY)


def test_it_is_told_anew_after_there_was_nothing_to_give_up(place):
    async def check(here):
        await here.health("ok")
        for _ in range(2):
            await here.deliveries(1)
            await here.run(28 * DAY, 4 * DAY)
            await here.become(State.DELIVERED)
            await here.run(DAY, 12 * HOUR)
        assert here.kinds() == [AlertKind.EXPIRING, AlertKind.EXPIRING]

    watching(place, check)


def test_the_look_for_what_is_new_takes_the_index_of_sqlite(tmp_path):
    async def check(here):
        asked = (
            "EXPLAIN QUERY PLAN SELECT seq FROM delivery "
            "WHERE connection = ? AND state > 1 AND changed > ? LIMIT 1"
        )
        plan = await here.store.run(lambda db: db.exec_driver_sql(asked, ("acme", 5)).all())
        assert any("delivery_kept" in str(row) for row in plan)

    watching(tmp_path / "passback.db", check)
