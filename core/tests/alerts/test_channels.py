"""Each channel has its own pace: one that hangs holds up neither the others nor what decides."""

import asyncio
from contextlib import asynccontextmanager

from watched import Letterbox, watching

from passback import AlertKind

BEGAN, OVER = AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_OVER


class Hanging(Letterbox):
    """A channel that doesn't answer until it's `freed`."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.freed = asyncio.Event()

    async def send(self, parcels):
        async for reason in super().send(parcels):
            self.asked += 1
            await self.freed.wait()
            yield reason


@asynccontextmanager
async def hung(here):
    """Run the alerts with mail that hangs, beside a webhook that doesn't; yield what ends them."""
    here.mail, here.others = Hanging(), [Letterbox("webhook")]
    here.restart()
    stopping = asyncio.Event()
    running = asyncio.create_task(here.alerts.run(stopping))

    async def stop():
        stopping.set()
        here.mail.freed.set()
        async with asyncio.timeout(10):
            await running

    yield stop
    assert running.done()


async def until(here, so):
    """Let time pass until something is `so`."""
    async with asyncio.timeout(10):
        while not so():
            here.clock.advance(15)
            await asyncio.sleep(0.02)


def test_who_hangs_holds_up_neither_the_other_channel_nor_the_deciding(place):
    async def check(here):
        async with hung(here) as stop:
            (webhook,) = here.others
            await here.health("can't connect")
            await until(here, lambda: here.mail.asked and webhook.taken)
            await here.health("ok")
            await until(here, lambda: len(webhook.taken) == 2)
            assert here.kinds() == [each.alert.kind for each in webhook.taken] == [BEGAN, OVER]
            here.mail.freed.set()
            await until(here, lambda: len(here.mail.taken) == 2)
            await stop()
        assert here.mails() == [BEGAN, OVER], "each once, and in order"

    watching(place, check)


def test_what_is_withdrawn_while_another_is_being_sent_is_not_sent(place):
    async def check(here):
        here.contacts["other"] = "other@acme.example"
        async with hung(here) as stop:
            (webhook,) = here.others
            await here.health("can't connect")
            await here.health("can't connect", name="other")
            await until(here, lambda: here.mail.asked and len(webhook.taken) == 2)
            first = here.mail.taken[0].alert.connection
            (queued,) = {"acme", "other"} - {first}
            await here.health("ok", name=queued)
            await until(here, lambda: len(webhook.taken) == 3)
            here.mail.freed.set()
            await until(here, lambda: len(here.mail.taken) == 2)
            await stop()
        told = [(each.alert.connection, each.alert.kind) for each in here.mail.taken]
        assert told == [(first, BEGAN), (queued, OVER)]

    watching(place, check)


def test_who_stops_lets_arrive_what_is_being_sent_and_leaves_the_rest_for_the_next(place):
    async def check(here):
        here.contacts["other"] = "other@acme.example"
        async with hung(here) as stop:
            await here.health("can't connect")
            await here.health("can't connect", name="other")
            await until(here, lambda: here.mail.asked and len(here.kinds()) == 2)
            await stop()
        assert len(here.mail.taken) == 1
        here.restart()
        await here.look()
        assert {each.alert.connection for each in here.mail.taken} == {"acme", "other"}
        assert len(here.mail.taken) == 2

    watching(place, check)
