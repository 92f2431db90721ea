"""A look-up that fails is the trouble of its connection while anything waits for it, on each engine."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from people import ANA, BEN, nobody_named, user, village
from scripted import result

from passback import CannotConnect, Learner, RateLimited, ServerError
from passback.delivery import Overview, Selection, unless_awaited
from passback.host.lookups.looking import Lookup
from passback.identity import ORDER, context_of, expect

MINUTE, HOUR = 60, 3600
CEM = Learner(id="cem", email="cem@example.com")


def of(number, learner):
    return attrs.evolve(result(number), learner=learner)


async def doing(here):
    (lms,) = (await Overview(here.store).totals()).connections
    return lms


async def look(here):
    """Look up who waits; whatever fails is kept."""
    try:
        await here.lookup.waiting()
    except Exception as error:  # noqa: BLE001 - a test says which
        return type(error)


@pytest.fixture
def check(place):
    """Run what a test says in a village whose system finds people by their address."""

    def checked(work, filters=("email",)):
        async def run():
            async with village(place, order=("email",)) as here:
                here.connector.filters = frozenset(filters)
                await work(here)

        asyncio.run(run())

    return checked


@pytest.mark.parametrize(
    ("error", "health"),
    [
        (CannotConnect("connection refused"), "can't connect"),
        (ServerError("401; check the key"), "server error"),
        (TypeError("a defect"), "server error"),
    ],
)
def test_it_is_told_since_the_first_failure_until_one_passes(check, error, health):
    async def work(here):
        here.connector.unlisted = error
        await here.sent(of(1, BEN))
        began = here.clock.now()
        for _ in range(3):
            assert await look(here)
            await here.run(MINUTE, step=MINUTE)
        lms = await doing(here)
        assert (lms.health, lms.since, lms.counts) == (health, began, {"waiting": 1})
        assert lms.detail.startswith("users can't be looked up: ")
        here.connector.unlisted = None
        here.connector.users = [user(1, email=BEN.email)]
        assert not await look(here)
        lms = await doing(here)
        assert (lms.health, lms.detail, lms.since) == ("ok", "", here.clock.now())

    check(work)


def test_a_system_that_does_nothing_but_ask_to_wait_is_ill_after_a_day_as_where_results_are_sent(check):
    async def work(here):
        here.connector.unlisted = RateLimited("slow down")
        await here.sent(of(1, BEN))
        assert await look(here) is RateLimited
        assert (await doing(here)).health == "ok"
        here.clock.advance(26 * HOUR)
        assert await look(here) is RateLimited
        assert (await doing(here)).health == "server error"

    check(work)


def test_where_no_result_waits_for_it_it_is_nobodys_trouble(check):
    async def work(here):
        await here.store.run(expect, "lms", "default", BEN, None, here.clock.now())
        here.connector.unlisted = CannotConnect("refused")
        assert await look(here) is CannotConnect
        assert (await doing(here)).health == "ok"

    check(work)


def test_what_is_tried_again_meanwhile_still_waits_for_it(check):
    async def work(here):
        here.connector.unlisted = ServerError("500")
        await here.sent(of(1, BEN))
        await look(here)
        began = here.clock.now()
        here.connector.behaviour = failing
        await here.dispatcher._repair.replay(Selection(connection="lms"), began)
        await here.run(5)
        await here.store.run(unless_awaited, "lms", here.clock.now())
        here.connector.behaviour = here.connector.for_users
        await here.run(30 * MINUTE, step=MINUTE)
        lms = await doing(here)
        assert (lms.health, lms.since, lms.counts) == ("server error", began, {"waiting": 1})

    check(work)


def test_that_a_system_names_nobody_is_no_trouble(check):
    async def work(here):
        here.connector.unlisted = ServerError("500")
        await here.sent(of(1, BEN))
        await look(here)
        here.connector.unlisted = nobody_named(None)
        assert not await look(here)
        assert (await doing(here)).health == "ok"

    check(work)


def test_one_on_whom_it_fails_while_others_pass_makes_no_trouble_later(check):
    async def work(here):
        here.connector.users = [user(1, email=CEM.email)]
        here.connector.fails = {BEN.email: ServerError("500")}
        await here.sent(of(1, BEN), of(2, CEM))
        assert not await look(here)
        for _ in range(3):
            here.clock.advance(HOUR)
            assert not await look(here)
            assert (await doing(here)).health == "ok"
        assert sum(each == {"email": BEN.email} for each in here.connector.asked) == 4

    check(work)


def test_delivering_and_looking_up_are_one_trouble(check):
    async def work(here):
        began = here.clock.now()
        here.connector.unlisted = CannotConnect("refused")
        await here.sent(of(1, BEN))
        await look(here)
        here.connector.behaviour = failing
        await here.put(of(2, ANA))
        await here.run(MINUTE, step=5)
        lms = await doing(here)
        assert (lms.health, lms.detail) == ("server error", "503 for everything")
        assert lms.since - began < timedelta(seconds=5)
        here.connector.behaviour = here.connector.for_users
        await here.run(30 * MINUTE, step=MINUTE)
        assert (await doing(here)).health == "can't connect", "the other goes on"

    check(work)


def failing(_):
    raise ServerError("503 for everything")


def by_configuration(here, fingerprint):
    return Lookup(here.store, here.clock, here.lms, "default", ORDER, fingerprint)


def listed(here):
    return here.connector.asked.count({})


def test_a_list_that_failed_is_asked_for_after_a_quarter_of_an_hour_or_by_another_configuration(check):
    async def work(here):
        here.connector.unlisted = ServerError("too many users")
        await here.sent(of(1, BEN))
        for _ in range(14):
            await look(here)
            here.clock.advance(MINUTE)
        assert listed(here) == 1
        assert (await doing(here)).health == "server error", "nobody knows better meanwhile"
        with pytest.raises(ServerError):
            await by_configuration(here, "changed").waiting()
        assert listed(here) == 2
        here.clock.advance(16 * MINUTE)
        here.connector.unlisted = None
        await look(here)
        assert listed(here) == 3
        assert (await doing(here)).health == "ok"

    check(work, filters=())


def test_somebody_who_asks_for_one_more_try_ends_the_rest_of_a_list(check):
    async def work(here):
        here.connector.unlisted = ServerError("too many users")
        await here.sent(of(1, BEN))
        await look(here)
        await here.dispatcher._repair.replay(Selection(connection="lms"), here.clock.now())
        await here.run(5)
        await look(here)
        assert listed(here) == 2

    check(work, filters=())


def test_where_the_list_fails_who_can_be_asked_for_alone_is_found_and_the_others_are_told_of(check):
    async def work(here):
        here.connector.users = [user(1, email=BEN.email)]
        here.connector.fails = {None: ServerError("too many users")}
        await here.sent(of(1, BEN), of(2, Learner(id="dot", external_id="E-9")))
        by_two = Lookup(here.store, here.clock, here.lms, "default", ("external_id", "email"), "one")
        with pytest.raises(ServerError):
            await by_two.waiting()
        await here.run(2)
        assert await here.states() == {"r-1": "delivered", "r-2": "account"}
        assert await by_two.waiting() == 0
        assert (await doing(here)).health == "server error"
        context = await here.store.run(context_of, "lms")
        assert context.failure == "too many users"

    check(work)
