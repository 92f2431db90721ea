"""However many connections there are, no more lanes are on the wire than the process has sockets for."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import given
from hypothesis import strategies as st
from scripted import result, room
from sqlalchemy import func, select

from passback.delivery.lanes.slots import Slots
from passback.store import schema


def test_who_comes_when_all_slots_are_taken_waits_for_one():
    async def check():
        slots, inside, seen = Slots(3), set(), []

        async def lane(number):
            async with slots.taken(ill=False):
                inside.add(number)
                seen.append(len(inside))
                await asyncio.sleep(0)
                inside.discard(number)

        await asyncio.gather(*map(lane, range(20)))
        assert (len(seen), max(seen)) == (20, 3)
        assert not slots.contended

    asyncio.run(check())


def test_connections_in_an_outage_have_slots_of_their_own_and_keep_no_other_waiting():
    async def check():
        slots = Slots(2)

        async def probe():
            async with slots.taken(ill=True):
                pass

        async with slots.taken(ill=True):
            second = asyncio.create_task(probe())
            await asyncio.sleep(0)
            assert not second.done()
            async with slots.taken(ill=False):
                assert not slots.contended
        async with asyncio.timeout(1):
            await second

    asyncio.run(check())


def test_many_that_hang_all_at_once_keep_others_waiting_for_a_moment_only():
    async def check():
        slots, answered = Slots(4, patience=0.05), asyncio.Event()

        async def hang():
            async with slots.taken(ill=False):
                await answered.wait()

        hanging = [asyncio.create_task(hang()) for _ in range(4)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            # Two of them have gone over.
            async with slots.taken(ill=False), slots.taken(ill=False):
                assert slots.contended
            answered.set()
            await asyncio.gather(*hanging)
            for ill, most in ((False, 4), (True, 2)):
                async with AsyncExitStack() as all_of_them:
                    for _ in range(most):
                        await all_of_them.enter_async_context(slots.taken(ill=ill))

    asyncio.run(check())


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 8), st.booleans()), min_size=1, max_size=30
    )
)
def test_no_slot_is_lost_or_had_twice_whoever_goes_over_or_is_cancelled(lanes):
    async def check():
        slots, inside = Slots(4, patience=0.002), 0

        async def lane(ill, begins, lasts):
            nonlocal inside
            await asyncio.sleep(begins / 1000)
            async with slots.taken(ill=ill):
                inside += 1
                assert inside <= 6
                try:
                    await asyncio.sleep(lasts / 1000)
                finally:
                    inside -= 1

        tasks = [asyncio.create_task(lane(*each[:3])) for each in lanes]
        await asyncio.sleep(0.004)
        for task, (*_, cancelled) in zip(tasks, lanes, strict=True):
            if cancelled:
                task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        async with asyncio.timeout(5), AsyncExitStack() as all_of_them:
            for ill, most in ((False, 4), (True, 2)):
                for _ in range(most):
                    await all_of_them.enter_async_context(slots.taken(ill=ill))

    asyncio.run(check())


def test_a_lane_leases_nothing_while_it_waits_for_a_slot(place):
    async def check():
        async with room(place, batch=1) as here, AsyncExitStack() as others:
            slots = here.around.slots
            slots.patience = 3600
            while not slots.contended:
                await others.enter_async_context(slots.taken(ill=False))
            await here.put(result(1), result(2))
            await here.run(1)
            leased = select(func.count()).where(schema.delivery.c.lease.is_not(None))
            assert await here.store.run(lambda db: db.scalar(leased)) == 0
            await others.aclose()
            await here.until(lambda: len(here.connector.arrived) == 2)

    asyncio.run(check())


def test_whoever_stops_does_not_wait_for_a_slot_to_send(place):
    async def check():
        async with room(place) as here, AsyncExitStack() as others:
            slots = here.around.slots
            slots.patience = 3600
            while not slots.contended:
                await others.enter_async_context(slots.taken(ill=False))
            await here.put(result(1))
            await here.run(1)
            here.dispatcher.stop()
            await here.settle()
            await others.aclose()
            await here.settle()
            assert here.connector.batches == []

    asyncio.run(check())
