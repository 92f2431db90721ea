"""What the host has said of a learner, in whichever result, helps what waits where nobody is looked up."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from people import village
from scripted import Scripted, deliver_all, result

from passback import Delivered, Learner, UserUnknown
from passback.delivery import Selection, Submission
from passback.delivery.outbox import said
from passback.delivery.upkeep.repair import Repair

NAMELESS = Learner(id="ana")
ANA = Learner(id="ana", email="ana@example.com")


class Addressed(Scripted):
    """Takes results for e-mail addresses."""

    def __init__(self, context):
        super().__init__(context)
        self.behaviour = self.to_addresses
        self.shown = []

    def to_addresses(self, batch):
        self.shown += [(each.result.id, each.result.learner) for each in batch.deliveries]
        return [
            Delivered(each.id) if each.result.learner.address else UserUnknown(each.id, "no address")
            for each in batch.deliveries
        ]


def of(number, learner, activity="https://example.com/a"):
    return attrs.evolve(result(number, activity), learner=learner)


@pytest.fixture
def check(place):
    def checked(work):
        async def run():
            async with village(place, connector=Addressed) as here:
                await work(here)

        asyncio.run(run())

    return checked


def test_what_waits_goes_once_another_result_of_its_learner_arrives_that_says_more(check):
    async def work(here):
        assert await here.sent(of(1, NAMELESS)) == {"r-1": "account"}
        await here.sent(of(2, ANA, activity="https://example.com/another"))
        await here.run(2)
        assert await here.states() == {"r-1": "delivered", "r-2": "delivered"}

    check(work)


def test_what_waits_goes_before_what_its_learner_does_next_in_its_activity(check):
    async def work(here):
        await here.sent(of(1, NAMELESS))
        assert await here.sent(of(2, ANA)) == {"r-1": "delivered", "r-2": "delivered"}
        assert here.connector.arrived == ["r-1", "r-2"]

    check(work)


def test_what_goes_together_is_sent_in_order_though_the_last_alone_says_who_it_is(check):
    async def work(here):
        assert set((await here.sent(of(1, NAMELESS), of(2, ANA))).values()) == {"delivered"}
        assert here.connector.batches == [["r-1", "r-2"]]

    check(work)


def held_back(here):
    """Have the system answer what comes next only once the event that this returns is set."""
    answered, behave = asyncio.Event(), here.connector.behaviour

    async def behave_later(batch):
        receipts = behave(batch)
        await answered.wait()
        return receipts

    here.connector.behaviour = behave_later
    return answered


def test_what_is_on_the_wire_goes_before_what_is_accepted_meanwhile_and_says_who_it_is(check):
    async def work(here):
        answered = held_back(here)
        await here.sent(of(1, NAMELESS))
        await here.sent(of(2, ANA))
        answered.set()
        await here.run(2)
        assert here.connector.arrived == ["r-1", "r-2"]

    check(work)


@pytest.mark.parametrize("to", [("lms",), ()])
def test_what_is_said_while_what_waited_is_tried_again_helps_it(check, to):
    async def work(here):
        await here.sent(of(1, NAMELESS))
        answered = held_back(here)
        await Repair(here.store).replay(Selection(connection="lms"), here.clock.now())
        here.dispatcher.wake("lms")
        await here.run(2)
        await here.put(of(2, ANA, activity="https://example.com/another"), to=to)
        await here.run(2)
        answered.set()
        await here.run(2)
        assert (await here.states())["r-1"] == "delivered"

    check(work)


def test_what_waits_under_the_right_address_goes_first_though_an_earlier_one_was_wrong(check):
    async def work(here):
        known = []

        def to_right_ones(batch):
            return [
                Delivered(each.id) if each.result.learner.email in known else UserUnknown(each.id, "nobody")
                for each in batch.deliveries
            ]

        here.connector.behaviour = to_right_ones
        wrong = Learner(id="ana", email="anna@example.com")
        for number, learner in enumerate([wrong, wrong, ANA, ANA]):
            await here.sent(of(number, learner))
            here.clock.advance(60)
        known.append(ANA.email)
        await here.sent(of(4, ANA))
        assert here.connector.arrived == ["r-2", "r-3", "r-4"]

    check(work)


def test_what_an_earlier_result_said_is_known_of_a_later_one(check):
    async def work(here):
        await here.sent(of(1, ANA))
        await here.sent(of(2, NAMELESS, activity="https://example.com/another"))
        await here.run(2)
        assert await here.states() == {"r-1": "delivered", "r-2": "delivered"}

    check(work)


def test_what_waits_is_tried_again_within_a_day_though_nothing_of_its_learner_arrives(check):
    async def work(here):
        await here.sent(of(1, NAMELESS))
        await here.put(of(2, ANA), to=())
        here.clock.advance(timedelta(hours=25).total_seconds())
        await Repair(here.store).recheck(here.clock.now(), lambda _: False)
        await here.run(2)
        assert (await here.states())["r-1"] == "delivered"

    check(work)


def test_what_is_replayed_is_tried_with_what_is_known_by_then(check):
    async def work(here):
        await here.sent(of(1, NAMELESS))
        await here.put(of(2, ANA), to=())
        await Repair(here.store).replay(Selection(connection="lms"), here.clock.now())
        await here.run(2)
        assert (await here.states())["r-1"] == "delivered"

    check(work)


def test_a_result_stays_as_it_was_accepted(check):
    async def work(here):
        await here.sent(of(1, NAMELESS))
        await here.sent(of(2, ANA))
        (again,) = await here.put(of(1, NAMELESS))
        assert not again.new

    check(work)


def test_what_waits_is_tried_again_only_when_more_is_known_than_at_its_last_try(check):
    async def work(here):
        here.connector.behaviour = lambda batch: [
            UserUnknown(each.id, "nobody")
            if each.result.activity.id.endswith("/a")
            else deliver_all(attrs.evolve(batch, deliveries=(each,)))[0]
            for each in batch.deliveries
        ]
        await here.sent(of(1, NAMELESS))
        for number in range(2, 6):
            here.clock.advance(60)
            await here.sent(of(number, ANA, activity="https://example.com/another"))
            await here.run(2)
        tried = [name for batch in here.connector.batches for name in batch].count("r-1")
        assert tried == 2

    check(work)


def test_a_first_attempt_costs_no_look_at_other_results(check, monkeypatch):
    def refuse(*_):
        raise AssertionError

    async def work(here):
        monkeypatch.setattr(said, "_last_said", refuse)
        assert await here.sent(of(1, NAMELESS), of(2, ANA)) == {"r-1": "delivered", "r-2": "delivered"}

    check(work)


def test_nobody_is_completed_by_another_organisation_or_by_what_a_connection_sent(check):
    async def work(here):
        others = attrs.evolve(of(1, ANA), organisation="other")
        await here.put(others, to=())
        sent = Submission.of(of(2, ANA), (), source="elsewhere")
        await here.outbox.put([sent], here.clock.now(), tell=False)
        await here.sent(of(3, NAMELESS))
        with_it = Submission.of(of(4, ANA, activity="https://example.com/another"), ("lms",), "elsewhere")
        await here.outbox.put(
            [with_it, Submission.of(of(5, NAMELESS), ("lms",))], here.clock.now(), tell=False
        )
        here.dispatcher.wake("lms")
        await Repair(here.store).replay(Selection(connection="lms"), here.clock.now())
        await here.run(2)
        states = await here.states()
        assert (states["r-3"], states["r-5"]) == ("account", "account")

    check(work)


def test_what_a_result_says_itself_counts_and_then_what_was_said_last(check):
    async def work(here):
        own = Learner(id="ana", username="own")
        await here.put(of(1, Learner(id="ana", email="old@example.com", username="old", name="Ana")), to=())
        await here.put(of(2, Learner(id="ana", email="new@example.com", username="new")), to=())
        await here.sent(of(3, own))
        await here.run(2)
        assert here.connector.shown[-1] == (
            "r-3",
            Learner(id="ana", email="new@example.com", username="own", name="Ana"),
        )

    check(work)


def test_an_address_that_a_result_has_already_isnt_replaced():
    own = Learner(id="ana@example.com")
    later = Learner(id="ana@example.com", email="other@example.com", name="Ana")
    assert said.filled(own, [later]) == Learner(id="ana@example.com", name="Ana")
