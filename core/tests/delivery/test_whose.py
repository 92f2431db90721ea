"""Learners who share a number in the index of results are two learners."""

import asyncio
from datetime import timedelta

import attrs
from scripted import deliver_all, result, room

from passback import Learner, Selection, TryLater, UserUnknown
from passback.delivery import Overview, Retention, RetentionPolicy, release_learners
from passback.delivery.outbox.kept import kept
from passback.delivery.outbox.standing import standings
from passback.store import whose

# CRC-32 is the same of both.
ONE, OTHER = "plumless", "buckeroo"


def of(learner, number, **fields):
    return attrs.evolve(result(number), learner=Learner(id=learner), **fields)


def test_the_number_is_a_positive_one_of_eight_bytes_and_of_the_text_as_it_is_kept():
    assert whose("a", ONE) == whose("a", OTHER)
    assert whose("a", ONE) != whose("b", ONE)
    assert whose("a", "nul\0") == whose("a", "nul\ufffd")
    assert all(0 <= whose(each, "x") < 2**63 for each in map(str, range(1000)))


def test_what_is_asked_of_one_learner_says_nothing_of_the_other(place):
    async def check():
        async with room(place) as here:
            await here.put(of(ONE, 1), of(ONE, 2), of(OTHER, 3))
            assert (await here.store.run_soft(lambda db: kept(db, OTHER, "default"))).results == 1
            (stands,) = await here.store.run_soft(lambda db: standings(db, "default", OTHER))
            assert stands.learner.id == OTHER
            for chosen in (Selection(learner=OTHER), Selection(learner=OTHER, organisation="default")):
                (found,) = await Overview(here.store).deliveries(chosen, 10, here.clock.now())
                assert found.result_id == "r-3"

    asyncio.run(check())


def test_who_is_put_off_holds_back_only_their_own_results(place):
    async def check():
        async with room(place) as here:
            later = here.clock.now() + timedelta(hours=1)
            here.connector.behaviour = lambda batch: [
                TryLater(each.id, later, "busy") for each in batch.deliveries
            ]
            await here.put(of(ONE, 1))
            await here.run(1)
            here.connector.behaviour = deliver_all
            await here.put(of(ONE, 2), of(OTHER, 3))
            await here.run(5)
            assert here.connector.arrived == ["r-3"]

    asyncio.run(check())


def test_an_account_of_one_learner_frees_nothing_of_the_other(place):
    async def check():
        async with room(place) as here:
            here.connector.behaviour = lambda batch: [UserUnknown(each.id, "no") for each in batch.deliveries]
            await here.put(of(ONE, 1), of(OTHER, 2))
            await here.run(5)
            now = here.clock.now()
            freed = await here.store.run(lambda db: release_learners(db, "lms", "default", [ONE], now))
            assert freed == 1

    asyncio.run(check())


def test_to_erase_one_learner_leaves_the_other(place):
    async def check():
        async with room(place) as here:
            await here.put(of(ONE, 1), of(OTHER, 2))
            await Retention(here.store, RetentionPolicy()).erase(ONE, "default", lambda _: None)
            assert (await here.store.run_soft(lambda db: kept(db, OTHER, "default"))).results == 1
            assert not await here.store.run_soft(lambda db: kept(db, ONE, "default"))

    asyncio.run(check())
