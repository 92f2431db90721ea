"""A learner with nothing to be looked up by: nobody is asked, so it says nothing of their system."""

import asyncio

import attrs
import pytest
from people import BEN, nobody_named, user, village
from scripted import result

from passback import Learner, ServerError, Unsupported
from passback.delivery import Overview
from passback.host.people.recognising import recognise
from passback.identity import bonds, context_of, keep
from passback.identity.matching import PERSON, AccountState, Finding

QUARTER = 15 * 60 + 1
DOT = Learner(id="dot")
KEY = ServerError("401; check the key")


def of(number, learner):
    return attrs.evolve(result(number), learner=learner)


def people(count):
    return [of(number, Learner(id=f"p{number}@example.com")) for number in range(count)]


async def context(here):
    return await here.store.run(context_of, "lms")


async def known(here):
    return {
        each.learner.id: each for each in await here.store.run(lambda db: list(bonds(db, "lms", "default")))
    }


async def health(here):
    return (await Overview(here.store).totals()).connections[0].health


@pytest.fixture
def check(place):
    """Run what a test says in a village whose system finds people by their address."""

    def checked(work):
        async def run():
            async with village(place, order=("email",)) as here:
                here.connector.filters = frozenset({"email"})
                await work(here)

        asyncio.run(run())

    return checked


def test_they_prove_no_system_well_that_fails_on_everybody_who_is_asked_for(check):
    async def work(here):
        here.connector.unlisted = KEY
        await here.sent(*people(4), of(9, DOT))
        for _ in range(3):
            with pytest.raises(ServerError):
                await here.lookup.waiting()
            assert await health(here) == "server error"
            here.clock.advance(QUARTER)
        assert not any(bond.alone for bond in (await known(here)).values())
        assert (await context(here)).lists_users is None

    check(work)


def test_who_says_too_little_comes_and_comes_and_a_trouble_goes_on(check):
    async def work(here):
        here.connector.unlisted = KEY
        await here.sent(*people(1))
        for number in range(5):
            await here.sent(of(10 + number, Learner(id=f"emp-{number}")))
            with pytest.raises(ServerError):
                await here.lookup.waiting()
            assert await health(here) == "server error"
            here.clock.advance(60)

    check(work)


def test_where_the_system_names_nobody_they_go_under_an_id_that_is_made_up_too(check):
    async def work(here):
        here.connector.unlisted = nobody_named(501)
        await here.sent(of(1, BEN))
        await here.lookup.waiting()
        await here.sent(of(2, DOT))
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert await here.states() == {"r-1": "delivered", "r-2": "delivered"}

    check(work)


def test_who_was_given_an_account_and_is_refused_keeps_it_as_nobody_knows_better(check):
    async def work(here):
        here.connector.users = [user(1)]
        given = Finding(learner=DOT, state=AccountState.KNOWN, user_id="u1", matched_by="external_id")
        await here.store.run(keep, "lms", "default", [given], here.clock.now())
        here.connector.refuses = {"u1"}
        assert await here.sent(of(1, DOT)) == {"r-1": "account"}
        here.connector.refuses = set()
        here.clock.advance(QUARTER)
        await here.lookup.waiting()
        await here.run(2)
        assert await here.states() == {"r-1": "delivered"}

    check(work)


def test_where_nobody_says_more_a_system_is_asked_once_whether_it_names_anybody(check):
    async def work(here):
        here.connector.users = [user(1), user(2)]
        for number in range(3):
            await here.sent(of(number, Learner(id=f"emp-{number}")))
            await here.lookup.waiting()
            here.clock.advance(QUARTER)
        assert here.connector.asked == [{}]
        assert (await context(here)).lists_users is True

    check(work)


def test_where_nobody_says_more_and_the_system_names_nobody_they_go_under_made_up_ids(check):
    async def work(here):
        here.connector.unlisted = nobody_named(501)
        await here.sent(of(1, DOT))
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert await here.states() == {"r-1": "delivered"}

    check(work)


def test_a_list_that_cannot_be_asked_for_says_nothing_of_who_can_be_looked_up(check):
    async def work(here):
        here.connector.unlisted = KEY
        await here.sent(*people(1))
        with pytest.raises(ServerError):
            await here.lookup.waiting()
        await decide(here, "p0@example.com")
        here.connector.unlisted = nobody_named(None)
        await here.sent(of(9, DOT))
        assert await here.lookup.waiting() == 0
        assert await health(here) == "server error"
        assert (await context(here)).lists_users is None

    check(work)


async def decide(here, learner):
    """Have a person say who `learner` is."""
    decided = Finding(learner=Learner(id=learner), state=AccountState.KNOWN, user_id="u1", matched_by=PERSON)
    await here.store.run(recognise, "lms", "default", decided, here.clock.now())
    await here.run(2)


def test_a_trouble_is_over_once_the_system_answers_though_nobody_is_left_who_says_more(check):
    async def work(here):
        here.connector.unlisted = KEY
        await here.sent(*people(1), of(9, DOT))
        with pytest.raises(ServerError):
            await here.lookup.waiting()
        await decide(here, "p0@example.com")
        for _ in range(2):
            here.clock.advance(QUARTER)
            with pytest.raises(ServerError):
                await here.lookup.waiting()
            assert await health(here) == "server error"
        here.connector.unlisted = None
        here.clock.advance(60)
        await here.lookup.waiting()
        assert await health(here) == "ok"
        assert await here.states() == {"r-0": "delivered", "r-9": "account"}

    check(work)


def test_who_is_known_by_an_address_later_is_looked_up_at_once(check):
    async def work(here):
        here.connector.users = [user(1, email="dot@example.com")]
        await here.sent(of(1, DOT))
        await here.lookup.waiting()
        await here.sent(of(2, attrs.evolve(DOT, email="dot@example.com")))
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert await here.states() == {"r-1": "delivered", "r-2": "delivered"}

    check(work)


def test_what_a_system_told_counts_no_more_once_nobody_can_be_asked_by_the_configuration(check):
    """Else launches, which say who somebody is where nobody else does, would be refused for ever."""

    async def work(here):
        here.connector.filters = frozenset()
        await here.sent(of(1, BEN))
        await here.lookup.waiting()
        assert (await context(here)).lists_users is True
        here.connector.unlisted = nobody_named(None)
        with pytest.raises(Unsupported):
            await here.lookup.all()
        assert not (await context(here)).known

    check(work)


def test_that_all_users_cannot_be_asked_for_unsays_nothing_where_each_can(check):
    async def work(here):
        await here.sent(of(1, BEN))
        await here.lookup.waiting()
        here.connector.unlisted = nobody_named(None)
        with pytest.raises(Unsupported):
            await here.lookup.all()
        assert (await context(here)).lists_users is True

    check(work)
