"""The store's thread does one thing after another, and first what others take us for dead without."""

import asyncio
import threading

from passback.store.thread import WorkThread


def test_what_must_not_wait_is_done_before_all_that_waits():
    async def check():
        thread, gate, done = WorkThread("test"), threading.Event(), []
        first = asyncio.create_task(thread.run(gate.wait))
        await asyncio.sleep(0)
        others = [
            asyncio.create_task(thread.run(lambda number=number: done.append(number))) for number in (1, 2)
        ]
        await asyncio.sleep(0)
        ahead = asyncio.create_task(thread.run(lambda: done.append("ahead"), ahead=True))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, ahead, *others)
        await thread.end()
        assert done == ["ahead", 1, 2]

    asyncio.run(check())


def test_what_was_asked_for_is_done_before_it_ends():
    async def check():
        thread, done = WorkThread("test"), []
        asked = [
            asyncio.create_task(thread.run(lambda number=number: done.append(number))) for number in (1, 2)
        ]
        await asyncio.sleep(0)
        await thread.end()
        await asyncio.gather(*asked)
        assert done == [1, 2]

    asyncio.run(check())
