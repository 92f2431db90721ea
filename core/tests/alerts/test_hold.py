"""One process tells people, though several begin at the same moment."""

import asyncio
from datetime import UTC, datetime
from threading import Barrier

from passback.alerts.hold import held
from passback.store import Store

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_of_those_who_begin_at_once_one_tells_people(place):
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
        stores = [Store(place), Store(place)]
        for store in stores:
            await store.open()
        # SQLite lets one in after the other.
        each = Seeing if stores[0].shared else lambda db: db
        told = await asyncio.gather(
            *(
                store.run(lambda db, name=name: held(each(db), name, NOW))
                for name, store in zip("ab", stores, strict=True)
            )
        )
        for store in stores:
            await store.close()
        assert sorted(told) == [False, True]

    asyncio.run(run())
