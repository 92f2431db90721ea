"""An outbox whose connections a test makes ill and well, and what people are told of them."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from scripted import SimulatedClock, result
from sqlalchemy import delete, update

from passback import Health, Observer
from passback.alerts import AlertPolicy, Alerts, Watched
from passback.delivery import Outbox, Submission
from passback.delivery.outbox.breaker import Breaker, save_breaker
from passback.delivery.outbox.history import Event, EventKind, note
from passback.store import State, Store, milliseconds, schema

CONTACT = "lms-admin@acme.example"


class Told(Observer):
    """Notes what it's told."""

    def alerted(self, event):
        self.alerts.append(event)


class Letterbox:
    """A channel that takes everything while `refusal` is empty."""

    def __init__(self, name="mail"):
        self.name = name
        self.refusal = ""
        self.taken = []
        self.tried = lambda _: None

    def recipient(self, contact):
        return contact if self.name == "mail" else "ops.vendor.example"

    async def send(self, parcels):
        for parcel in parcels:
            self.tried(parcel)
            if not self.refusal:
                self.taken.append(parcel)
            yield self.refusal

    async def aclose(self):
        pass


class Ward:
    """The connection ``acme``, watched."""

    def __init__(self, store, **policy):
        self.store = store
        self.clock = SimulatedClock()
        self.policy = AlertPolicy(**policy)
        self.mail = Letterbox()
        self.others = []
        self.contacts = {"acme": CONTACT}
        self.told = Told()
        self.told.alerts = []
        self.made = 0
        self.restart()

    def restart(self, owner="here"):
        """Forget everything that isn't in the outbox."""
        self.alerts = Alerts(self.store, self.clock, self.policy, self._watched(), owner)

    def go_over(self):
        """Change the configuration while it runs."""
        self.alerts.renew(self.policy, self._watched())

    def _watched(self):
        channels = [each for each in (self.mail, *self.others) if each]
        return Watched(contacts=self.contacts, channels=channels, observers=(self.told,))

    def kinds(self):
        return [each.kind for each in self.told.alerts]

    def mails(self):
        return [each.alert.kind for each in self.mail.taken]

    async def health(self, health, detail="connection refused", name="acme", **more):
        now = self.clock.now()
        said = detail if health != "ok" else ""
        breaker = Breaker(health=Health(health), since=now, detail=said, **more)
        await self.store.run(save_breaker, name, breaker)

    async def deliveries(self, count, state=State.PENDING, reason="", waiting_for=None):
        """Accept `count` results, and put them into `state`."""
        now = self.clock.now()
        results = [result(self.made + number) for number in range(count)]
        self.made += count
        await Outbox(self.store).put([Submission.of(each, ["acme"]) for each in results], now, tell=False)
        await self.become(state, reason, waiting_for, of=[each.id for each in results])

    async def become(self, state, reason="", waiting_for=None, of=None, seconds=None):
        """Put the deliveries of the results `of` (by default all that wait to be sent) into `state`.

        What delivers them began before, if it took `seconds`.
        """
        d, r = schema.delivery.c, schema.result.c
        chosen = [d.state == State.PENDING]
        if of is not None:
            chosen = [d.result.in_(schema.result.select().with_only_columns(r.seq).where(r.id.in_(of)))]
        values = {"state": state, "reason": reason, "waiting_for": waiting_for}
        changed = {"changed": milliseconds(self.clock.now())}

        def write(db):
            many = db.execute(update(schema.delivery).where(*chosen).values(values | changed)).rowcount
            if state is State.DELIVERED:
                at = self.clock.now() - timedelta(seconds=seconds or 0)
                sent = {"kind": EventKind.SENT, "at": at, "seconds": seconds, "delivered": many}
                note(db, Event(connection="acme", **sent))

        await self.store.run(write)

    async def put_off(self, span):
        """Have everything that is to be sent be due only after `span`."""
        d = schema.delivery.c
        due = {"due": milliseconds(self.clock.now() + span)}
        await self.store.run(
            lambda db: db.execute(update(schema.delivery).where(d.state == State.PENDING).values(due))
        )

    async def again(self):
        """Make everything that is rejected or waits due, as a replay or a recheck does."""
        d = schema.delivery.c
        values = {"state": State.PENDING, "waiting_for": None, "changed": milliseconds(self.clock.now())}
        await self.store.run(
            lambda db: db.execute(update(schema.delivery).where(d.state > State.DELIVERED).values(values))
        )

    async def repaired(self, *of):
        """Have the results `of`, which were rejected or waited, delivered after a replay."""
        await self.become(State.PENDING, of=of)
        await self.become(State.DELIVERED, of=of)

    async def forget(self):
        """Remove all deliveries, as retention does."""
        await self.store.run(lambda db: db.execute(delete(schema.delivery)))

    async def look(self):
        """Decide what is to be told by now, and send it."""
        await self.alerts.look()
        for each in self.alerts.going_out.values():
            await each.send()

    async def run(self, span, every=timedelta(seconds=30)):
        """Let `span` pass, looking `every` so often."""
        end = self.clock.now() + span
        while self.clock.now() < end:
            self.clock.advance(every.total_seconds())
            await self.look()


def watching(place, work, **policy):
    """Run `work` with the connection ``acme``, watched."""

    async def check():
        async with ward(place, **policy) as here:
            await work(here)

    asyncio.run(check())


@asynccontextmanager
async def ward(place, **policy):
    store = Store(place)
    await store.open()
    try:
        yield Ward(store, **policy)
    finally:
        await store.close()
