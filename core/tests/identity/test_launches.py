"""A launch is sealed, its learner's, and no bad one costs a good one its place."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from people import ANA, BEN, Launched, village
from scripted import result
from sqlalchemy import select

from passback import Launch
from passback.delivery import release_launches
from passback.identity import Launches, Seal, ticket_for
from passback.store import schema

ACTIVITY = "https://example.com/a"


def of(number, learner):
    return attrs.evolve(result(number), learner=learner)


async def come(here, token, learner=None, user=None):
    """Record a launch, and claim it for `learner`."""
    ticket = ticket_for("lms", "default", ACTIVITY, user)
    launch = Launch(user_id=user, parameters={"token": token}, passthrough=(("a", "1"), ("a", "2")))
    await here.store.run(here.launches.record, launch, ticket, here.clock.now())
    if learner is not None:
        await here.store.run(here.launches.claim, ticket.reference, learner)
    return ticket


async def released(here, limit=None):
    await here.store.run(lambda db: release_launches(db, "lms", here.clock.now(), limit=limit))
    await here.run(2)
    return await here.states()


@pytest.fixture
def check(place):
    def checked(work):
        async def run():
            async with village(place, connector=Launched) as here:
                await work(here)

        asyncio.run(run())

    return checked


def test_its_secrets_lie_in_the_database_sealed_and_come_back_in_order(check):
    async def work(here):
        await come(here, "hush-token", "ana", user="hush-user")
        (body,) = await here.store.run(lambda db: db.scalars(select(schema.launch.c.body)).all())
        assert b"hush" not in body
        own = await here.store.run(here.launches.own, "lms", {("ana", ACTIVITY)}, here.clock.now())
        launch = own["ana", ACTIVITY]
        assert (launch.user_id, launch.parameters, launch.passthrough) == (
            "hush-user", {"token": "hush-token"}, (("a", "1"), ("a", "2")),
        )  # fmt: skip
        assert "hush-token" not in repr(launch)
        others = Launches(Seal(["another key altogether"]), timedelta(hours=2))
        assert await here.store.run(others.own, "lms", {("ana", ACTIVITY)}, here.clock.now()) == {}
        both = Launches(Seal(["another key altogether", "a key that nobody guesses"]), timedelta(hours=2))
        assert await here.store.run(both.own, "lms", {("ana", ACTIVITY)}, here.clock.now()) == own

    check(work)


def test_that_no_key_opens_launches_is_told_once_with_what_helps(check, caplog):
    async def work(here):
        others = Launches(Seal(["another key altogether"]), timedelta(hours=2))
        for learner in ("ana", "ben"):
            await come(here, "hush-token", learner)
            await here.store.run(others.own, "lms", {(learner, ACTIVITY)}, here.clock.now())
            await here.store.run(others.anybody, "lms", here.clock.now())
        (said,) = [each.getMessage() for each in caplog.records if "web.keys" in each.getMessage()]
        assert said.startswith("lms: ")
        assert "put the key of before at the end" in said

    check(work)


def test_it_is_whose_it_was_claimed_for_first(check):
    async def work(here):
        ticket = await come(here, "t")
        claim = here.launches.claim
        assert await here.store.run(claim, ticket.reference, "ana") == ticket
        assert await here.store.run(claim, ticket.reference, "ana") == ticket
        assert await here.store.run(claim, ticket.reference, "eve") is None
        assert await here.store.run(claim, "guessed", "eve") is None

    check(work)


def test_a_result_goes_by_its_learners_own_launch_until_that_expires(check):
    async def work(here):
        here.connector.good = {"ana's", "ben's"}
        await come(here, "ben's", "ben")
        await come(here, "ana's", "ana")
        await here.sent(of(1, ANA))
        await here.run(3 * 3600, step=300)
        assert await here.sent(of(2, ANA)) == {"r-1": "delivered", "r-2": "launch"}

    check(work)


def test_once_anybodys_token_is_proven_everything_goes(check):
    async def work(here):
        states = await here.sent(*(of(number, BEN) for number in range(30)))
        assert set(states.values()) == {"launch"}
        here.connector.good = {"ana's"}
        await come(here, "ana's", "ana")
        states = await released(here, limit=1)
        assert set(states.values()) == {"delivered"}

    check(work)


def test_however_many_bad_launches_come_a_good_token_keeps_its_place(check):
    async def work(here):
        here.connector.good = {"good"}
        await come(here, "good", "ana")
        await here.sent(of(1, ANA))
        for number in range(40):
            await come(here, f"bad{number}")
        assert (await here.sent(of(2, BEN)))["r-2"] == "delivered"

    check(work)


async def forge(here, number, learner=None):
    for each in range(number):
        await come(here, f"forged-{each}", learner, user=f"made-up-{each}")


def test_no_number_of_newer_ones_that_are_made_up_keeps_an_older_good_one_from_being_tried(check):
    async def work(here):
        here.connector.good = {"good"}
        await come(here, "good")
        await forge(here, 40)
        assert await here.sent(of(1, BEN)) == {"r-1": "delivered"}

    check(work)


def test_nor_do_those_of_one_who_signs_in_hide_what_another_learner_brought(check):
    async def work(here):
        here.connector.good = {"good"}
        await forge(here, 20, "eve")
        await come(here, "good", "ana")
        await forge(here, 20, "eve")
        assert await here.sent(of(1, BEN)) == {"r-1": "delivered"}

    check(work)


def test_among_made_up_ones_on_both_sides_each_is_tried_in_its_turn(check):
    async def work(here):
        here.connector.good = {"good"}
        await forge(here, 20)
        await come(here, "good")
        await forge(here, 20)
        states = await here.sent(of(1, BEN))
        for _ in range(14):
            assert len(here.connector.offered) <= 8
            states = await released(here, limit=1)
        assert states == {"r-1": "delivered"}

    check(work)


def test_what_was_refused_before_another_was_taken_is_not_offered_again(check):
    async def work(here):
        here.connector.good = {"good"}
        await come(here, "bad")
        await come(here, "good")
        assert await here.sent(of(1, BEN)) == {"r-1": "delivered"}
        await here.sent(of(2, BEN))
        assert [each.parameters["token"] for each in here.connector.offered] == ["good"]

    check(work)


def test_a_refused_token_is_not_offered_again(check):
    async def work(here):
        await come(here, "bad", "ana")
        await here.sent(of(1, ANA))
        here.connector.good = {"bad"}
        assert await released(here) == {"r-1": "launch"}

    check(work)


def test_what_expired_days_ago_is_forgotten(check):
    async def work(here):
        await come(here, "t", "ana")
        assert await here.store.run(Launches.purge, here.clock.now()) == 0
        assert await here.store.run(Launches.purge, here.clock.now() + timedelta(hours=3)) == 1

    check(work)
