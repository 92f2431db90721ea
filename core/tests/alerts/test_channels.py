"""Each channel has its own pace: one that hangs holds up neither the others nor what decides."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

from watched import Letterbox, watching

from passback import AlertKind
from passback.alerts import list_notices
from passback.alerts.channel import InDoubt

MINUTE = timedelta(minutes=1)
BEGAN, OVER = AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_OVER


class Hanging(Letterbox):
    """A channel that doesn't answer until it's `freed`."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.freed = asyncio.Event()
        self.closed = False

    async def send(self, parcels):
        async for reason in super().send(parcels):
            self.asked += 1
            await self.freed.wait()
            yield reason

    async def aclose(self):
        self.closed = True


@asynccontextmanager
async def hung(here):
    """Run the alerts with mail that hangs, beside a webhook that doesn't; yield what ends them."""
    hanging = here.mail = Hanging()
    here.others = [Letterbox("webhook")]
    here.restart()
    stopping = asyncio.Event()
    running = asyncio.create_task(here.alerts.run(stopping))

    async def stop():
        stopping.set()
        hanging.freed.set()
        async with asyncio.timeout(10):
            await running

    yield stop
    assert running.done()


class Thinking(Letterbox):
    """A channel that says nothing of what it was sent."""

    async def send(self, parcels):
        for parcel in parcels:
            self.taken.append(parcel)
            try:
                yield await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise asyncio.CancelledError(InDoubt("it may have arrived")) from None


async def until(here, so):
    """Let time pass until something is `so`."""
    async with asyncio.timeout(10):
        while not so():
            here.clock.advance(15)
            await asyncio.sleep(0.02)


async def seconds(here, *spans):
    """Let `spans` of time pass, one after another."""
    for span in spans:
        await asyncio.sleep(0.1)
        here.clock.advance(span)
    await asyncio.sleep(0.1)


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


def test_a_mail_that_is_on_its_way_arrives_once_however_often_the_configuration_changes(place):
    async def check(here):
        here.contacts["other"] = "other@acme.example"
        async with hung(here) as stop:
            slow, (webhook,) = here.mail, here.others
            await here.health("can't connect")
            await here.health("can't connect", name="other")
            await until(here, lambda: slow.asked and len(webhook.taken) == 2)
            for _ in range(3):
                here.mail = Letterbox()
                here.go_over()
                here.clock.advance(15)
                await asyncio.sleep(0.05)
            assert (slow.asked, slow.closed, here.mails()) == (1, False, [])
            slow.freed.set()
            await until(here, lambda: here.mail.taken and slow.closed)
            await stop()
        assert {each.alert.connection for each in slow.taken + here.mail.taken} == {"acme", "other"}
        assert (len(slow.taken), here.mails()) == (1, [BEGAN])

    watching(place, check)


def test_who_is_back_in_the_configuration_sends_nothing_beside_what_is_on_its_way(place):
    async def check(here):
        async with hung(here) as stop:
            slow, (webhook,) = here.mail, here.others
            await here.health("can't connect")
            await until(here, lambda: slow.asked and webhook.taken)
            here.mail = None
            here.go_over()
            here.mail = Letterbox()
            here.go_over()
            await here.health("ok")
            await until(here, lambda: len(webhook.taken) == 2)
            assert here.mails() == []
            slow.freed.set()
            await until(here, here.mails)
            await stop()
        assert ([each.alert.kind for each in slow.taken], here.mails()) == ([BEGAN], [OVER])

    watching(place, check)


def test_a_channel_that_comes_into_the_configuration_is_used_at_once(place):
    async def check(here):
        async with hung(here) as stop:
            await seconds(here, 1)
            here.others.append(Letterbox("pager"))
            here.go_over()
            await here.health("can't connect")
            await until(here, lambda: here.others[-1].taken)
            await stop()

    watching(place, check)


def test_who_changes_the_configuration_again_and_again_is_told_all_the_same(place):
    async def check(here):
        async with hung(here) as stop:
            await here.health("can't connect")
            async with asyncio.timeout(10):
                while not here.others[0].taken:
                    here.clock.advance(9)
                    here.go_over()
                    await asyncio.sleep(0.02)
            await stop()

    watching(place, check)


def test_a_connection_that_is_back_in_the_configuration_is_tried_before_it_is_told(place):
    async def check(here):
        contacts, here.contacts = here.contacts, {}
        await here.health("can't connect")
        async with hung(here) as stop:
            await seconds(here, 3600, 14)
            here.contacts = contacts
            here.go_over()
            await seconds(here, 2)
            await here.health("ok")
            await seconds(here, 15, 15)
            await stop()
        assert here.kinds() == []

    watching(place, check)


def test_what_may_have_arrived_when_its_process_had_to_end_is_sent_three_times_at_most(place):
    async def check(here):
        here.mail, here.others = Thinking(), [Thinking("webhook")]
        await here.health("can't connect")
        for time in range(1, 4):
            here.restart()
            stopping = asyncio.Event()
            running = asyncio.create_task(here.alerts.run(stopping))
            await until(here, lambda time=time: len(here.mail.taken) == len(here.others[0].taken) == time)
            stopping.set()
            await seconds(here, 1)
            running.cancel()
            await asyncio.wait([running])
            kept = await list_notices(here.store, 10)
            assert [(each.attempts, each.error) for each in kept] == [(time, "it may have arrived")] * 2
            here.restart()
            async with asyncio.timeout(10):
                await here.run(50 * MINUTE, 10 * MINUTE)
            here.clock.advance(10 * 60)
        assert {each.state for each in kept} == {"given up"}

    watching(place, check)
