"""One process tells people, though several begin at the same moment."""

import asyncio
from datetime import UTC, datetime
from threading import Barrier

from passback.alerts.hold import held
from passback.store import Store

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_of_those_who_begin_at_once_one_tells_people(shared):
    """Both have seen that nobody does before either says so."""
    both = Barrier(2)

    class Seeing:
        """A database whose reader waits until the other has read, too."""

        def __init__(self, db):
            self._db = db

        def __getattr__(self, name):
            return getattr(self._db, name)

        def scalar(self, *given):
            seen = self._db.scalar(*given)
            both.wait(10)
            return seen

    async def run():
        stores = [Store(shared), Store(shared)]
        for store in stores:
            await store.open()
        told = await asyncio.gather(
            *(
                store.run(lambda db, name=name: held(Seeing(db), name, NOW))
                for name, store in zip("ab", stores, strict=True)
            )
        )
        for store in stores:
            await store.close()
        assert sorted(told) == [False, True]

    asyncio.run(run())
