"""A connector that does what a test tells it, and a clock that a test moves."""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from passback import (
    Activity,
    Batch,
    Connection,
    Connector,
    Delivered,
    Learner,
    Observer,
    Options,
    Receipt,
    Result,
)
from passback.delivery import (
    Backoff,
    Dispatcher,
    LanePolicy,
    Outbox,
    Overview,
    Routes,
    Selection,
    Submission,
    Surroundings,
)
from passback.delivery.outbox.accepting import raise_signals
from passback.errors import ConnectionNotReady
from passback.http import HTTP
from passback.store import Store

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
Behaviour = Callable[[Batch], Sequence[Receipt]]


class NoOptions(Options):
    """Nothing to configure."""


def result(number, activity="https://example.com/a", **fields):
    return Result(
        id=f"r-{number}",
        kind="progressed",
        learner=Learner(id=f"learner-{number}@example.com"),
        activity=Activity(id=activity),
        at=START,
        **fields,
    )


def deliver_all(batch):
    return [Delivered(each.id, f"there-{each.result.id}") for each in batch.deliveries]


class Scripted(Connector[NoOptions]):
    """Answers each batch as `behaviour` says, and notes what it was sent."""

    def __init__(self, context):
        super().__init__(context)
        self.behaviour = deliver_all
        self.healthy = lambda: None
        self.batches = []
        self.arrived = []

    async def check(self):
        self.healthy()

    async def submit_results(self, batch):
        self.batches.append([each.result.id for each in batch.deliveries])
        answer = self.behaviour(batch)
        if asyncio.iscoroutine(answer):
            answer = await answer
        self.arrived += [
            each.result.id
            for each in batch.deliveries
            if any(isinstance(one, Delivered) and one.delivery == each.id for one in answer or ())
        ]
        return answer


class Watcher(Observer):
    """Notes what it's told."""

    def settled(self, event):
        self.events.append(event)

    def health_changed(self, event):
        self.events.append(event)


class SimulatedClock:
    """Time that moves only when the test says so; whoever waits is woken when its moment comes."""

    def __init__(self):
        self.time = START
        self._passed = 0.0
        # Until when who waits, soonest first; numbered, as two may wait until the same moment.
        self._alarms = []
        self._numbers = count()

    def now(self):
        return self.time

    async def wait(self, event, seconds):
        if event.is_set() or (seconds is not None and seconds <= 0):
            return event.is_set()
        happened = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait([happened, self._alarm(seconds)], return_when=asyncio.FIRST_COMPLETED)
        finally:
            happened.cancel()
            await asyncio.gather(happened, return_exceptions=True)
        return event.is_set()

    def _alarm(self, seconds):
        # As with a real one, who waits for a while isn't concerned by a clock that is set.
        alarm = asyncio.get_running_loop().create_future()
        if seconds is not None:
            heappush(self._alarms, (self._passed + seconds, next(self._numbers), alarm))
        return alarm

    def advance(self, seconds):
        self.time += timedelta(seconds=seconds)
        self._passed += max(0, seconds)
        while self._alarms and self._alarms[0][0] <= self._passed:
            alarm = heappop(self._alarms)[-1]
            if not alarm.done():
                alarm.set_result(None)


class Watched(Store):
    """A store that knows whether it does anything, or whoever asked for it hasn't heard of that yet."""

    def __init__(self, place):
        super().__init__(place)
        self._asked = self._done = self._awaited = 0

    @property
    def busy(self):
        return self._awaited > 0 or self._asked != self._done

    async def _in_thread(self, work, *, ahead=False):
        def counted():
            try:
                return work()
            finally:
                self._done += 1

        self._asked += 1
        self._awaited += 1
        try:
            return await super()._in_thread(counted, ahead=ahead)
        finally:
            self._awaited -= 1


class Room:
    """An outbox, one scripted connection called ``lms``, and a dispatcher between them."""

    def __init__(self, store, clock, batch, patience, connector=Scripted, quota=None, **policy):
        self.store = store
        self.outbox = Outbox(store)
        self.clock = clock
        self.events = []
        self.reasons = {}
        self.fingerprint = "one"
        self.routing = Routes(everywhere={"default": ["lms"]})
        self._policy = LanePolicy(batch=batch, linger=0, patience=patience, backoff=Backoff(), **policy)
        self.lms = Connection("lms", connector, NoOptions(), HTTP(clock=clock, quota=quota), clock)
        self.connector = self.lms.connector
        watcher = Watcher()
        watcher.events = self.events
        self.around = Surroundings(outbox=self.outbox, clock=clock, rng=random.Random(7), observers=[watcher])
        self.dispatcher = Dispatcher(self, self.around)
        self._task = None

    def connection(self, name):
        if name in self.reasons:
            raise ConnectionNotReady(name, self.reasons[name])
        if name != "lms":
            raise ConnectionNotReady(name, "the configuration doesn't name it")
        return self.lms

    def policy(self, _name):
        return self._policy

    def not_ready(self):
        return self.reasons

    def fingerprints(self):
        return {} if "lms" in self.reasons else {"lms": self.fingerprint}

    def routes(self):
        return self.routing

    async def put(self, *results, to=("lms",)):
        submissions = [Submission.of(each, to) for each in results]
        answers = await self.outbox.put(submissions, self.clock.now(), tell=False)
        if self._task is not None:
            self.dispatcher.wake("lms")
        return answers

    async def start(self):
        if self.store.shared and "lms" not in self.reasons:
            await self.store.run(raise_signals, ["lms"])
        await self.dispatcher.start()
        self._task = asyncio.create_task(self.dispatcher.run())
        while self.store.shared and "lms" not in self.reasons and not self.dispatcher._claims.holds("lms"):
            await self.settle()
            self.clock.advance(0.01)

    async def stop(self):
        if self._task is not None:
            self.around.stopping.set()
            await self._task

    async def run(self, seconds, step=0.25, arrived=None):
        """Let `seconds` pass on the simulated clock, giving everybody time to act after each step.

        Where `arrived` is given, only until so many results have arrived.
        """
        passed = 0.0
        while passed < seconds:
            await self.settle()
            if arrived is not None and len(self.connector.arrived) >= arrived:
                # What came last may not be settled yet.
                break
            self.clock.advance(step)
            passed += step
        await self.settle()

    async def until(self, done, seconds=10):
        """Wait in real time, the simulated clock standing still, until `done()`."""
        async with asyncio.timeout(seconds):
            while not done():
                await self.settle()
                await asyncio.sleep(0.001)

    async def states(self):
        return {each.result_id: each.state for each in await self.deliveries()}

    async def deliveries(self):
        return await Overview(self.store).deliveries(Selection(), 1000, self.clock.now())

    async def settle(self):
        """Let everybody act until all wait for the clock, or for eight turns with the store."""
        ready, turns = asyncio.get_running_loop()._ready, 0
        while turns < 8 and (ready or self.store.busy):
            if self.store.busy:
                await self.store._in_thread(lambda: None)
                turns += 1
            await asyncio.sleep(0)


@asynccontextmanager
async def room(place, batch=10, *, deliver=True, patience=30, connector=Scripted, **policy):
    store = Watched(place)
    await store.open()
    here = Room(store, SimulatedClock(), batch, patience, connector, **policy)
    try:
        if deliver:
            await here.start()
        yield here
    finally:
        await here.stop()
        await here.lms.aclose()
        await store.close()
