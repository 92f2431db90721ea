"""How a connector lives in a host: it's cancelled, called at once from many sides, and closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.operations import OPERATIONS, Operation, Outcome, attempt, once, places, submit
from passback.testing.rule import Play, add_rule, rule
from passback.testing.scene import Scene, Take
from passback.testing.settling import require_account, settle, unsettled
from passback.testing.watching import lags

__all__: list[str] = []

_SOON = 10.0
_STEP = 0.002
_HELD = 0.1
_SLOW = 0.25
_LATE = 0.15
_TRIES = 3


async def _until(condition: Callable[[], bool], seconds: float = _SOON) -> bool:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_STEP)
    return True


def _cancelled(operation: Operation) -> Play:
    async def play(scene: Scene) -> None:
        seen = await once(scene, operation)
        for place in places(len(seen.asked)):
            async with scene.take() as take:
                take.record.play(proxy.held(_HELD), place, 1)
                await _cancel(take, operation.play(take), operation.name)
                take.record.rest()
                outcome = await attempt(operation.play(take))
                if outcome.error is not None:
                    raise Broken(f"after a cancelled call, the next one fails: {outcome}")

    return play


async def _cancel(take: Take, work: Awaitable[object], name: str) -> None:
    task = asyncio.ensure_future(work)
    if not await _until(lambda: take.record.touched > 0 or task.done()):
        task.cancel()
        raise Broken(f"{name} didn't come as far as usual")
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=_SOON)
    if not done:
        raise Broken(f"{name} went on for {_SOON:g} s after it was cancelled")
    if not task.cancelled():
        _ = task.exception()  # or asyncio complains that nobody looked
        raise Broken(f"{name} swallowed its cancellation; let asyncio.CancelledError pass")


def _prompt(operation: Operation) -> Play:
    async def play(scene: Scene) -> None:
        worst = 0.0
        for _ in range(_TRIES):
            async with scene.take() as take:
                take.record.play(proxy.held(_SLOW))
                async with lags() as late:
                    await attempt(operation.play(take))
            worst = max(late, default=0.0)
            # A busy machine is late now and then; who blocks the loop always is.
            if worst < _LATE:
                return
        raise Broken(f"the event loop stood still for {worst:.2f} s while it waited for an answer")

    return play


@rule("life.closes")
async def _closes(scene: Scene) -> None:
    """Closing a connection leaves nothing open: no socket, no task; a host that reloads runs out of them.

    Send everything through self.http, and in aclose end the tasks and close the clients that you made.
    """
    for operation in OPERATIONS:
        if not operation.needs <= scene.able:
            continue
        async with scene.take() as take:
            before = asyncio.all_tasks()
            connection = take.connection = take.unopened()
            await attempt(operation.play(take))
            await connection.aclose()
            if not await _until(lambda take=take: take.record.connections == 0):  # type: ignore[misc]
                raise Broken(f"after {operation.name} and aclose, a connection to the system is still open")
            await asyncio.sleep(0)
            if left := [each for each in asyncio.all_tasks() - before if not each.done()]:
                raise Broken(
                    f"after {operation.name} and aclose, a task is still there: {left[0].get_name()}"
                )


@rule("life.closed_twice")
async def _closed_twice(scene: Scene) -> None:
    """A connection can be closed twice, and before it was used; hosts do both while they stop.

    Let aclose do nothing where nothing is open.
    """
    for used in (False, True):
        async with scene.take() as take:
            connection = take.unopened()
            try:
                if used:
                    await attempt(connection.check())
                await attempt(connection.connector.aclose())
                await attempt(connection.connector.aclose())
            except Exception as error:  # noqa: BLE001 - whatever it is, its author is told
                raise Broken(f"aclose raised {type(error).__name__}") from None
            finally:
                await connection.aclose()


@rule("life.two_at_once", "submit_results")
async def _two_at_once(scene: Scene) -> None:
    """Two batches at once keep their results apart: each arrives once, with a receipt of its own.

    Keep what belongs to one call in local names, not on self.
    """
    async with scene.take() as take:
        deliveries = take.deliveries(1, 2, 3, 4)
        take.record.play(proxy.held(0.02))
        outcomes = await asyncio.gather(*(attempt(submit(take, [each])) for each in deliveries))
        for delivery, outcome in zip(deliveries, outcomes, strict=True):
            if outcome.error is not None:
                raise Broken(f"it failed with nothing in its way: {outcome}")
            if [each.delivery for each in outcome.receipts] != [delivery.id]:
                raise Broken(f"delivery {delivery.id} got the receipt {outcome.receipts}")
        require_account(take, deliveries)


@rule("life.at_once")
async def _one_token(scene: Scene) -> None:
    """Calls that begin at once share a connector without getting in each other's way.

    Ask for one token for all who wait (OAuth2 does), and let a second call wait for it.
    """
    async with scene.take() as take:
        take.record.play(proxy.held(0.02))
        outcomes = await asyncio.gather(*(attempt(take.connection.check()) for _ in range(3)))
        for outcome in outcomes:
            if outcome.error is not None:
                raise Broken(f"three checks at once, and one of them came to {outcome}")


@rule("life.recovers", "submit_results")
async def _recovers(scene: Scene) -> None:
    """Once an outage is over, the same connection delivers again; nobody wants to restart a host for that.

    Keep no failure: ask anew each time.
    """
    async with scene.take() as take:
        first, second = take.deliveries(1, 2)
        await settle(take, [first])
        for fault in (proxy.answered(500), proxy.answered(403), proxy.cut_before, proxy.answered(401)):
            take.record.play(fault)
            await attempt(submit(take, [second]))
        await attempt(take.connection.check())
        take.record.rest()
        await settle(take, unsettled([second], Outcome()))
        require_account(take, [first, second])


for _operation in OPERATIONS:
    add_rule(
        f"{_operation.name}.cancelled",
        _operation.needs,
        f"{_operation.who.capitalize()} can be cancelled, and the connection works afterwards; "
        "else a host doesn't stop.",
        "Let asyncio.CancelledError pass, and give back what you hold in a finally.",
        _cancelled(_operation),
    )
    add_rule(
        f"{_operation.name}.loop_free",
        _operation.needs,
        f"{_operation.who.capitalize()} doesn't block the event loop while it waits; "
        "else the whole host stands still.",
        "Await self.http and self.clock; no blocking client, no time.sleep.",
        _prompt(_operation),
    )
