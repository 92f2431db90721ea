"""What a lane does when a system answers, fails, hangs, or is gone for days."""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta

import pytest
from scripted import START, Scripted, deliver_all, result, room

from passback import (
    ActivityUnknown,
    CannotConnect,
    CutShort,
    Delivered,
    Health,
    HealthChanged,
    Observer,
    RateLimited,
    Rejected,
    Selection,
    ServerError,
    Settled,
    TryLater,
    Unsupported,
    UserUnknown,
)
from passback.delivery import Overview, Repair, Retention, RetentionPolicy
from passback.delivery.outbox.breaker import load_breaker
from passback.http import Quota


async def only_connection(here):
    (connection,) = (await Overview(here.store).totals()).connections
    return connection


def failing(error):
    def fail(_batch):
        raise error

    return fail


def test_everything_accepted_is_delivered_in_order_and_in_batches(place):
    async def check():
        async with room(place, batch=10) as here:
            await here.put(*(result(number) for number in range(25)))
            await here.run(2)
            assert here.connector.arrived == [f"r-{number}" for number in range(25)]
            assert [len(batch) for batch in here.connector.batches] == [10, 10, 5]
            assert set((await here.states()).values()) == {"delivered"}

    asyncio.run(check())


def test_a_system_that_never_took_anything_is_sent_a_few_first(place):
    async def check():
        async with room(place, batch=100, deliver=False) as here:
            here.connector.behaviour = failing(CannotConnect("not reached"))
            await here.put(*(result(number) for number in range(250)))
            await here.start()
            await here.run(0.25)
            assert [len(batch) for batch in here.connector.batches] == [10]
            here.connector.behaviour = deliver_all
            await here.run(20)
            assert max(len(batch) for batch in here.connector.batches) == 100
            assert set((await here.states()).values()) == {"delivered"}
            await here.put(*(result(number) for number in range(1000, 1100)))
            await here.run(1)
            assert len(here.connector.batches[-1]) == 100, "one that did is sent whole batches from the start"

    asyncio.run(check())


def test_an_outage_belongs_to_the_connection_and_its_backlog_drains_by_itself(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing(CannotConnect("not reached"))
            await here.put(*(result(number) for number in range(30)))
            await here.run(5)
            assert (await only_connection(here)).health == "can't connect"
            probes = [batch for batch in here.connector.batches[1:] if len(batch) != 1]
            assert probes == [], "while a connection is down it's probed with one result"
            here.connector.behaviour = deliver_all
            await here.run(30)
            assert here.connector.arrived == [f"r-{number}" for number in range(30)]
            connection = await only_connection(here)
            assert (connection.health, connection.detail, connection.next_probe) == ("ok", "", None)
            changes = [event for event in here.events if isinstance(event, HealthChanged)]
            assert [event.now for event in changes] == [Health.CANNOT_CONNECT, Health.OK]

    asyncio.run(check())


@pytest.mark.parametrize("restarted", [False, True])
def test_an_outage_ends_though_nothing_is_left_to_send(place, restarted):
    """By the test button, so that who was told that it broke is told that it healed."""

    def down():
        raise CannotConnect("not reached")

    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing(CannotConnect("not reached"))
            here.connector.healthy = down
            await here.put(result(1))
            await here.run(3)
            assert (await only_connection(here)).health == "can't connect"
            await Retention(here.store, RetentionPolicy()).erase("learner-1@example.com", "default")
            if restarted:
                await here.stop()
                here.around.stopping.clear()
                here.dispatcher = type(here.dispatcher)(here, here.around)
                await here.start()
            await here.run(60)
            assert (await only_connection(here)).health == "can't connect"
            here.connector.healthy = lambda: None
            await here.run(15 * 60, step=5)
            connection = await only_connection(here)
            assert (connection.health, connection.detail, connection.next_probe) == ("ok", "", None)
            assert len(here.connector.batches) <= 4

    asyncio.run(check())


def test_a_connection_that_is_misconfigured_still_says_when_something_arrived_last(place):
    async def check():
        async with room(place) as here:
            await here.put(result(1))
            await here.run(1)
            arrived = (await only_connection(here)).last_success
            here.reasons["lms"] = "the key is missing"
            await here.put(result(2))
            here.dispatcher.wake("lms")
            await here.run(2)
            connection = await only_connection(here)
            assert (connection.health, connection.last_success) == ("misconfigured", arrived)
            assert arrived is not None

    asyncio.run(check())


@pytest.mark.parametrize("told_by", ["a restart", "another configuration"])
def test_observers_and_the_log_hear_of_each_change_once_also_where_the_configuration_makes_it(
    place, caplog, told_by
):
    async def check():
        async with room(place) as here:
            await here.put(result(1))
            await here.run(1)
            here.reasons["lms"] = "the key is missing"
            for number in range(2, 5):
                await here.put(result(number))
                here.dispatcher.wake("lms")
                await here.run(2)
            since = (await only_connection(here)).since
            here.reasons.clear()
            here.fingerprint = "two"
            if told_by == "a restart":
                await here.stop()
                here.around.stopping.clear()
                here.dispatcher = type(here.dispatcher)(here, here.around)
                await here.start()
            else:
                here.dispatcher._lanes.wake("lms", changed=True)
            await here.run(5, arrived=4)
            changes = [event for event in here.events if isinstance(event, HealthChanged)]
            assert [(event.before.value, event.now.value, event.detail) for event in changes] == [
                ("ok", "misconfigured", "the key is missing"),
                ("misconfigured", "ok", ""),
            ]
            assert changes[0].at == since, "it's the same trouble still, whatever is accepted meanwhile"
            said = [each.getMessage() for each in caplog.records if hasattr(each, "health")]
            assert said == ["lms: misconfigured: the key is missing", "lms: ok"]

    with caplog.at_level(logging.INFO, "passback.delivery"):
        asyncio.run(check())


def test_observers_hear_of_a_change_once_however_many_batches_are_on_the_wire(place):
    async def check():
        async with room(place, batch=1, concurrency=4, deliver=False) as here:
            up = asyncio.Event()

            async def away(_):
                await up.wait()
                raise CannotConnect("cut")

            await here.start()
            await here.put(result(0))
            await here.run(2)
            here.connector.behaviour = away
            await here.put(*(result(number) for number in range(1, 9)))
            await here.run(1)
            assert len(here.connector.batches) == 5
            up.set()
            await here.run(2)
            here.connector.behaviour = deliver_all
            await here.run(60, arrived=9)
            changes = [event.now.value for event in here.events if isinstance(event, HealthChanged)]
            assert changes == ["can't connect", "ok"]

    asyncio.run(check())


@pytest.mark.parametrize("hours", [1, 24])
def test_after_any_outage_the_backlog_is_on_its_way_within_15_minutes(place, hours):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing(ServerError("answered 503", status=503))
            await here.put(*(result(number) for number in range(12)))
            await here.run(hours * 3600, step=300)
            recovered = here.clock.now()
            probe = (await only_connection(here)).next_probe
            assert probe - recovered <= timedelta(minutes=15)
            here.connector.behaviour = deliver_all
            await here.run(15 * 60, step=20, arrived=12)
            await here.until(lambda: len(here.connector.arrived) == 12)

    asyncio.run(check())


def test_an_outage_costs_no_more_probes_than_its_length_allows(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing(CannotConnect("not reached"))
            await here.put(result(1))
            await here.run(6 * 3600, step=120)
            # Ten while the wait doubles to a quarter of an hour, then one each 7.5 to 15 minutes.
            assert len(here.connector.batches) <= 10 + 6 * 8

    asyncio.run(check())


def test_a_system_that_asks_to_wait_is_obeyed_and_nobody_is_alarmed(place):
    async def check():
        async with room(place) as here:
            until = here.clock.now() + timedelta(hours=2)
            here.connector.behaviour = failing(RateLimited("slow down", until=until))
            await here.put(result(1))
            await here.run(30)
            connection = await only_connection(here)
            assert (connection.health, len(here.connector.batches)) == ("ok", 1)
            here.connector.behaviour = deliver_all
            await here.run(2 * 3600 - 60, step=60)
            assert here.connector.arrived == []
            await here.run(120, step=10)
            assert here.connector.arrived == ["r-1"]

    asyncio.run(check())


@pytest.mark.parametrize(
    "failure", [RateLimited("in a week", until=START + timedelta(days=6)), CannotConnect("not reached")]
)
def test_whoever_replays_a_connection_has_it_tried_now_and_once(place, failure):
    async def check():
        async with room(place, patience=300) as here:
            here.connector.behaviour = failing(failure)
            await here.put(result(1))
            await here.run(3600, step=10)
            tried = len(here.connector.batches)
            await Repair(here.store).replay(Selection(connection="other"), here.clock.now())
            await here.run(4)
            assert len(here.connector.batches) == tried
            await Repair(here.store).replay(Selection(connection="lms"), here.clock.now())
            await here.run(4)
            assert len(here.connector.batches) == tried + 1, "what fails then waits as long as ever"
            here.connector.behaviour = deliver_all
            await Repair(here.store).replay(Selection(connection="lms"), here.clock.now())
            await here.run(4)
            assert await here.states() == {"r-1": "delivered"}

    asyncio.run(check())


def test_what_is_on_the_wire_counts_in_its_quota_also_when_who_sent_it_is_killed(place):
    async def check():
        async with room(place, patience=1, quota=Quota(day=5)) as here:

            async def hang(_batch):
                await here.lms.meter.count()
                await asyncio.sleep(3600)

            here.connector.behaviour = hang
            await here.put(result(1))
            await here.run(2)
            _, used = await here.store.run_soft(load_breaker, "lms", here.clock.now())
            assert [count for _, count in used.values()] == [1]

    asyncio.run(check())


@pytest.mark.parametrize("ahead", [20, 24, 30, 24 * 30])
def test_a_quota_goes_on_with_the_next_true_day_once_a_clock_that_was_ahead_is_set_back(place, ahead):
    async def check():
        async with room(place, batch=1, quota=Quota(day=2), deliver=False) as here:

            async def counted(batch):
                await here.lms.meter.count()
                return deliver_all(batch)

            here.connector.behaviour = counted
            here.clock.advance(ahead * 3600)
            await here.start()
            await here.put(*map(result, range(5)))
            await here.run(2)
            here.clock.advance(-ahead * 3600)
            await here.run(14 * 3600, step=600)
            assert len(here.connector.arrived) == 2
            await here.run(4200, step=600)
            assert len(here.connector.arrived) == 4
            assert not [each for each in here.events if isinstance(each, HealthChanged)]

    asyncio.run(check())


def later(here):
    def put_off(batch):
        at = here.clock.now() + timedelta(minutes=5)
        return [TryLater(each.id, at, "busy") for each in batch.deliveries]

    return put_off


def test_a_system_that_puts_everything_off_ends_no_outage_by_that(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing(CannotConnect("not reached"))
            await here.put(*(result(number) for number in range(5)))
            await here.run(10)
            here.connector.behaviour = later(here)
            await here.run(3600, step=5)
            found = await only_connection(here)
            assert found.health == "server error"
            assert "it took nothing, and asks to try later: busy" in found.detail
            here.connector.behaviour = deliver_all
            await here.run(900, step=5)
            assert (await only_connection(here)).health == "ok"
            assert set((await here.states()).values()) == {"delivered"}

    asyncio.run(check())


def test_a_system_that_does_nothing_but_put_off_is_ill_after_an_hour_and_well_once_it_takes_something(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = later(here)
            await here.put(*(result(number) for number in range(5)))
            await here.run(3500, step=5)
            assert (await only_connection(here)).health == "ok"
            await here.run(1000, step=5)
            assert (await only_connection(here)).health == "server error"
            here.connector.behaviour = deliver_all
            await here.run(900, step=5)
            assert (await only_connection(here)).health == "ok"
            assert set((await here.states()).values()) == {"delivered"}

    asyncio.run(check())


def test_some_results_that_are_put_off_for_long_say_nothing_of_a_system_that_takes_others(place):
    async def check():
        async with room(place) as here:

            def behave(batch):
                put_off = {each.delivery: each for each in later(here)(batch)}
                return [
                    put_off[each.id] if each.result.id == "r-0" else Delivered(each.id)
                    for each in batch.deliveries
                ]

            here.connector.behaviour = behave
            for number in range(10):
                await here.put(result(number))
                await here.run(900, step=5)
            assert (await only_connection(here)).health == "ok"

    asyncio.run(check())


def test_a_result_that_the_system_fails_on_again_and_again_is_isolated_not_the_connection(place):
    async def check():
        async with room(place) as here:

            def poisoned(batch):
                if any(each.result.id == "r-0" for each in batch.deliveries):
                    raise ServerError("answered 500", status=500)
                return deliver_all(batch)

            here.connector.behaviour = poisoned
            await here.put(*(result(number) for number in range(20)))
            await here.run(200, step=1)
            assert sorted(here.connector.arrived) == sorted(f"r-{number}" for number in range(1, 20))
            assert (await here.states())["r-0"] == "pending"
            assert (await only_connection(here)).health == "ok"
            await here.put(result(20))
            await here.run(10)
            assert "r-20" in here.connector.arrived
            here.connector.behaviour = deliver_all
            await here.run(2 * 3600, step=60)
            assert (await here.states())["r-0"] == "delivered"

    asyncio.run(check())


@pytest.mark.parametrize(
    ("behaviour", "blamed"),
    [
        (failing(KeyError("token-abc")), "KeyError"),
        (lambda _: None, "one receipt for each"),
        (lambda batch: deliver_all(batch)[:-1], "one receipt for each"),
        (lambda batch: [*deliver_all(batch), Delivered(999)], "one receipt for each"),
    ],
)
def test_a_connector_that_raises_or_answers_nonsense_is_contained_and_named(place, behaviour, blamed):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = behaviour
            await here.put(result(1), result(2))
            await here.run(5)
            connection = await only_connection(here)
            assert connection.health == "server error"
            assert blamed in connection.detail
            assert "Scripted" in connection.detail
            assert "token-abc" not in connection.detail
            assert set((await here.states()).values()) == {"pending"}

    asyncio.run(check())


def test_a_connector_that_hangs_is_contained(place):
    async def check():
        async with room(place, patience=0.05) as here:

            async def hang():
                await asyncio.sleep(3600)

            here.connector.behaviour = lambda _: hang()
            await here.put(result(1))
            async with asyncio.timeout(10):
                while (connection := await only_connection(here)).health != "server error":
                    await asyncio.sleep(0.05)
            assert "took longer than 0.05 s" in connection.detail
            assert (await here.states())["r-1"] in ("pending", "sending")

    asyncio.run(check())


def test_a_connector_that_goes_on_when_it_is_told_to_end_is_named_too(place, monkeypatch, caplog):
    monkeypatch.setattr("passback.foreign._LETS_GO", 0.05)

    async def check():
        async with room(place, patience=0.05) as here:
            over = asyncio.Event()

            async def go_on():
                while not over.is_set():
                    with suppress(asyncio.CancelledError):
                        await over.wait()
                raise ValueError

            here.connector.behaviour = lambda _: go_on()
            await here.put(result(1))
            async with asyncio.timeout(10):
                while (connection := await only_connection(here)).health != "server error":
                    await asyncio.sleep(0.05)
            assert "took longer than 0.05 s" in connection.detail
            here.connector.behaviour = deliver_all
            over.set()
            await here.run(60, step=1)
            assert await here.states() == {"r-1": "delivered"}

    asyncio.run(check())
    assert "connection 'lms': Scripted.submit_results doesn't end when it's told to" in caplog.text


def test_what_a_connector_cannot_do_at_all_waits_and_is_no_outage(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing(Unsupported("no address for results is configured"))
            await here.put(result(1))
            await here.run(2)
            (delivery,) = await Overview(here.store).deliveries(Selection(), 10, here.clock.now())
            assert (delivery.state, delivery.waiting_for) == ("waiting", "connection")
            assert "no address for results" in delivery.reason
            assert (await only_connection(here)).health == "ok"

    asyncio.run(check())


@pytest.mark.parametrize("in_the_midst", [False, True])
def test_an_answer_that_says_it_cannot_be_done_is_an_outage_that_ends_by_itself(place, in_the_midst):
    """A proxy's page says so as well; what waited for another configuration would be overtaken."""
    refusal = Unsupported("answered 501: it can't do this", status=501)
    failure = CutShort([], refusal) if in_the_midst else refusal

    async def check():
        async with room(place) as here:
            here.connector.behaviour = failing(failure)
            await here.put(*(result(number) for number in range(3)))
            await here.run(5)
            connection = await only_connection(here)
            assert (connection.health, connection.detail) == ("server error", str(refusal))
            assert set((await here.states()).values()) == {"pending"}
            here.connector.behaviour = deliver_all
            await here.put(result(3))
            await here.run(30)
            assert here.connector.arrived == ["r-0", "r-1", "r-2", "r-3"]
            assert (await only_connection(here)).health == "ok"

    asyncio.run(check())


def test_each_receipt_decides_its_own_delivery_and_observers_are_told(place):
    async def check():
        async with room(place) as here:
            later = here.clock.now() + timedelta(minutes=5)

            def mixed(batch):
                one, two, three, four = batch.deliveries
                return [
                    Rejected(three.id, "no such grade"),
                    Delivered(one.id, "remote-1"),
                    UserUnknown(two.id, "nobody called that"),
                    TryLater(four.id, later, "busy"),
                ]

            here.connector.behaviour = mixed
            await here.put(*(result(number) for number in range(4)))
            await here.run(2)
            found = {
                each.result_id: each
                for each in await Overview(here.store).deliveries(Selection(), 10, here.clock.now())
            }
            assert (found["r-0"].state, found["r-0"].remote_id) == ("delivered", "remote-1")
            assert (found["r-1"].state, found["r-1"].waiting_for) == ("waiting", "account")
            assert (found["r-2"].state, found["r-2"].reason) == ("rejected", "no such grade")
            assert (found["r-3"].state, found["r-3"].reason) == ("pending", "busy")
            assert len([event for event in here.events if isinstance(event, Settled)]) == 4
            here.connector.behaviour = deliver_all
            await here.run(290, step=5)
            assert "r-3" not in here.connector.arrived
            await here.run(30)
            assert "r-3" in here.connector.arrived

    asyncio.run(check())


def test_a_system_that_asks_to_wait_in_the_midst_of_a_batch_is_asked_nothing_until_then(place):
    async def check():
        async with room(place) as here:
            until = here.clock.now() + timedelta(days=1)

            def full(batch):
                first, _, third = batch.deliveries
                raise CutShort([Delivered(first.id)], RateLimited("429: full", until=until), [third.id])

            here.connector.behaviour = full
            await here.put(*(result(number) for number in range(3)))
            await here.run(2)
            assert (await only_connection(here)).next_probe == until
            assert (await only_connection(here)).last_success is not None
            found = await Overview(here.store).deliveries(Selection(), 10, here.clock.now())
            assert [(each.state, each.attempts) for each in found] == [
                ("pending", 0),
                ("pending", 1),
                ("delivered", 1),
            ]
            assert (await only_connection(here)).detail == "429: full"
            here.connector.behaviour = deliver_all
            await here.put(result(3))
            await here.run(3600, step=30)
            assert here.connector.arrived == []
            await Repair(here.store).replay(Selection(connection="lms"), here.clock.now())
            await here.run(10)
            assert here.connector.arrived == ["r-1", "r-2", "r-3"]

    asyncio.run(check())


@pytest.mark.parametrize(
    ("first", "second", "unsure"),
    [
        (UserUnknown, None, False),
        (Rejected, None, False),
        (TryLater, None, True),
        (ServerError, None, True),
        (UserUnknown, UserUnknown, False),
        (ServerError, UserUnknown, True),
        (UserUnknown, TryLater, True),
    ],
)
def test_whether_an_earlier_attempt_may_have_arrived_is_known_after_a_restart(place, first, second, unsure):
    def answering(kind, now):
        def behave(batch):
            if kind is ServerError:
                raise ServerError("500", status=500)
            if kind is TryLater:
                return [TryLater(each.id, now, "busy") for each in batch.deliveries]
            return [kind(each.id, "no") for each in batch.deliveries]

        return behave

    async def once(kind, fingerprint):
        async with room(place, deliver=False) as here:
            here.fingerprint = fingerprint
            here.connector.behaviour = answering(kind, here.clock.now())
            await here.put(result(1))
            await Repair(here.store).replay(Selection(), here.clock.now())
            await here.start()
            await here.until(lambda: here.connector.batches)

    async def last():
        seen = []

        def look(batch):
            seen.extend(each.unsure for each in batch.deliveries)
            return deliver_all(batch)

        async with room(place, deliver=False) as here:
            here.clock.advance(3600)
            here.fingerprint = "last"
            here.connector.behaviour = look
            await Repair(here.store).replay(Selection(), here.clock.now())
            await here.start()
            await here.until(lambda: seen)
        assert seen == [unsure]

    asyncio.run(once(first, "first"))
    if second is not None:
        asyncio.run(once(second, "second"))
    asyncio.run(last())


class Failing(Observer):
    def __init__(self, error):
        self.error = error

    def settled(self, event):
        self.told = event
        raise self.error


@pytest.mark.parametrize(
    "error", [RuntimeError("no"), GeneratorExit(), SystemExit(1), asyncio.CancelledError()]
)
def test_an_observer_that_fails_stops_neither_delivery_nor_the_others(place, error):
    async def check():
        async with room(place, batch=1) as here:
            here.around.observers.insert(0, Failing(error))
            await here.put(result(1), result(2))
            await here.run(2)
            assert here.connector.arrived == ["r-1", "r-2"]
            assert len(here.events) == 2

    asyncio.run(check())


def test_a_connection_that_is_not_ready_keeps_its_results_and_drains_when_it_is(place):
    async def before():
        async with room(place, deliver=False) as here:
            here.reasons = {"lms": "options.url: missing"}
            await here.put(result(1), result(2))
            await here.start()
            await here.run(1)
            found = await Overview(here.store).deliveries(Selection(), 10, here.clock.now())
            assert {(each.state, each.waiting_for, each.reason) for each in found} == {
                ("waiting", "connection", "options.url: missing")
            }
            assert (await only_connection(here)).health == "misconfigured"

    async def after():
        async with room(place) as here:
            await here.run(2)
            assert here.connector.arrived == ["r-1", "r-2"]
            assert (await only_connection(here)).health == "ok"

    asyncio.run(before())
    asyncio.run(after())


def test_a_changed_configuration_frees_what_waits_and_is_probed_at_once(place):
    async def before():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [UserUnknown(each.id, "?") for each in batch.deliveries]
            await here.put(result(1))
            await here.run(2)
            here.connector.behaviour = failing(ServerError("answered 401: check the secret", status=401))
            await here.put(result(2))
            await here.run(3600, step=30)
            assert (await only_connection(here)).next_probe > here.clock.now()

    async def unchanged():
        async with room(place, deliver=False) as here:
            here.clock.advance(3602)
            await here.start()
            await here.run(1)
            assert here.connector.batches == [], "nothing was repaired, so the next probe is still to come"

    async def repaired():
        async with room(place, deliver=False) as here:
            here.clock.advance(3604)
            here.fingerprint = "two"
            await here.start()
            await here.run(2)
            assert sorted(here.connector.arrived) == ["r-1", "r-2"]

    asyncio.run(before())
    asyncio.run(unchanged())
    asyncio.run(repaired())


def test_a_replay_from_another_process_is_noticed(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [Rejected(each.id, "no") for each in batch.deliveries]
            await here.put(result(1))
            await here.run(2)
            assert (await here.states())["r-1"] == "rejected"
            here.connector.behaviour = deliver_all
            assert await Repair(here.store).replay(Selection(results=["r-1"]), here.clock.now()) == 1
            await here.run(2)
            assert (await here.states())["r-1"] == "delivered"

    asyncio.run(check())


class Listing(Scripted):
    """Tells who its users are."""

    async def lookup_users(self, query):  # noqa: ARG002 - whoever is asked for
        for user in ():
            yield user


@pytest.mark.parametrize("receipt", [ActivityUnknown, UserUnknown])
def test_what_waits_for_what_nobody_tells_of_is_tried_again_once_a_day(place, receipt):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [receipt(each.id, "?") for each in batch.deliveries]
            await here.put(result(1))
            await here.run(2)
            here.connector.behaviour = deliver_all
            await here.run(23 * 3600, step=1800)
            assert here.connector.arrived == []
            await here.run(3 * 3600, step=1800)
            assert here.connector.arrived == ["r-1"]

    asyncio.run(check())


def test_where_users_are_looked_up_who_is_unknown_there_is_not_asked_for_by_results(place):
    async def check():
        async with room(place, connector=Listing) as here:
            here.connector.behaviour = lambda batch: [UserUnknown(each.id, "?") for each in batch.deliveries]
            await here.put(result(1))
            await here.run(50 * 3600, step=1800)
            assert len(here.connector.batches) == 1

    asyncio.run(check())


def test_stopping_lets_what_is_on_the_wire_arrive(place):
    async def check():
        async with room(place) as here:
            on_the_wire, go = asyncio.Event(), asyncio.Event()

            async def slow(batch):
                on_the_wire.set()
                await go.wait()
                return deliver_all(batch)

            here.connector.behaviour = slow
            await here.put(result(1))
            await asyncio.wait_for(on_the_wire.wait(), 5)
            stopping = asyncio.create_task(here.stop())
            await asyncio.sleep(0.05)
            assert not stopping.done()
            go.set()
            await asyncio.wait_for(stopping, 5)
            assert (await here.states())["r-1"] == "delivered"

    asyncio.run(check())


@pytest.mark.parametrize("polite", [True, False])
def test_a_lane_that_is_to_leave_what_is_on_the_wire_sends_nothing_after_it_though_that_is_answered(
    place, polite
):
    """Its connection may be another process's by now, which sends as well."""

    async def check():
        async with room(place, batch=1) as here:
            on_the_wire, go = asyncio.Event(), asyncio.Event()

            async def answer_all_the_same(batch):
                on_the_wire.set()
                with suppress(asyncio.CancelledError):
                    await go.wait()
                return deliver_all(batch)

            here.connector.behaviour = answer_all_the_same
            await here.put(*(result(number) for number in range(5)))
            await asyncio.wait_for(on_the_wire.wait(), 5)
            # By then nothing wakes it any more.
            await here.run(1)
            if not polite:
                go.set()
                await asyncio.sleep(0)
            here.dispatcher.cancel()
            await here.run(3)
            assert here.connector.batches == [["r-0"]]
            assert (await here.states())["r-0"] == "delivered"

    asyncio.run(check())
