"""What a connector is asked to do while something goes wrong, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import attrs

from passback.errors import ConnectionFailure, ContractError, PassbackError, SignInRefused
from passback.model import Batch, CutShort, Delivery, LaunchQuery, Receipt, SignInRequest, User, UserQuery
from passback.testing.breaking import Broken
from passback.testing.browsing import come_back, leave
from passback.testing.proxy import Record
from passback.testing.scene import Scene, Take

__all__ = ["OPERATIONS", "Operation", "Outcome", "attempt", "everybody", "once", "places", "submit"]

_LONGEST = 20.0


@attrs.frozen
class Outcome:
    """What came of one call.

    Attributes:
        value: What was returned.
        error: What was raised instead, or ended it in its midst.
        unsent: The ids of deliveries that surely weren't sent.
    """

    value: object = None
    error: ConnectionFailure | SignInRefused | None = None
    unsent: Collection[int] = ()

    @property
    def receipts(self) -> Sequence[Receipt]:
        """The receipts, where results were sent."""
        return self.value if isinstance(self.value, list) else []

    def __str__(self) -> str:
        if self.error is not None:
            return f"{type(self.error).__name__}({self.error})"
        if isinstance(self.value, list) and len(self.value) > 3:  # noqa: PLR2004 - enough to be recognised
            return f"a list of {len(self.value)}"
        return "success" if self.value is None else str(self.value)


async def attempt(work: Awaitable[object], seconds: float = _LONGEST) -> Outcome:
    """Return what came of `work`.

    Raises:
        Broken: It crashed, or took for ever.
    """
    try:
        async with asyncio.timeout(seconds):
            return Outcome(await work)
    except TimeoutError:
        raise Broken(f"it hadn't ended after {seconds:g} seconds; nothing may wait without a limit") from None
    except CutShort as cut:
        return Outcome([*cut.receipts], cut.failure, cut.unsent)
    except (ConnectionFailure, SignInRefused) as failure:
        return Outcome(error=failure)
    except ContractError as crash:
        raise Broken(
            f"it crashed: {crash}. Its frames are in the log above; whatever a system answers must end in a "
            "receipt or in a ConnectionFailure"
        ) from None
    except PassbackError as error:
        raise Broken(
            f"it raised {type(error).__name__}, which isn't a connector's to raise: {error}"
        ) from None


async def submit(take: Take, deliveries: Sequence[Delivery]) -> list[Receipt]:
    """Send `deliveries` in batches as large as the connector asks for; return their receipts.

    Raises:
        CutShort: The connection failed in the midst of one.
    """
    receipts: list[Receipt] = []
    for start in range(0, len(deliveries), take.batch):
        batch = Batch(deliveries=tuple(deliveries[start : start + take.batch]))
        try:
            receipts += await take.connection.submit_results(batch)
        except CutShort as cut:
            later = [each.id for each in deliveries[start + take.batch :]]
            raise CutShort([*receipts, *cut.receipts], cut.failure, [*cut.unsent, *later]) from None
    return receipts


async def everybody(take: Take) -> list[User]:
    """Return all users, as a look-up lists them."""
    return [user async for user in take.connection.lookup_users(UserQuery())]


@attrs.frozen
class Operation:
    """One hook that asks the system something.

    Attributes:
        name: The hook.
        who: What it is for people.
        otherwise: What users suffer where it misjudges what went wrong.
        play: Calls it.
        asks: Whether it can't be done without asking the system.
        sends: What it delivers, where it does.
        more: What it needs besides the hook that it is named after.
    """

    name: str
    who: str
    otherwise: str
    play: Callable[[Take], Awaitable[object]]
    asks: bool = True
    sends: Callable[[Take], list[Delivery]] | None = None
    more: frozenset[str] = frozenset()

    @property
    def needs(self) -> frozenset[str]:
        """The capabilities without which it can't be played."""
        return self.more or frozenset({self.name})


async def _check(take: Take) -> object:
    await take.connection.check()
    return None


def _one(take: Take) -> list[Delivery]:
    return take.deliveries(1)


async def _submit(take: Take) -> object:
    return await submit(take, _one(take))


def _launched(take: Take) -> list[Delivery]:
    pairs = tuple(take.suite.launch(take.sandbox, take.url))
    found = take.connection.read_launch(LaunchQuery(pairs=pairs))
    return [attrs.evolve(each, launch=found and attrs.evolve(found, id=7)) for each in _one(take)]


async def _submit_launched(take: Take) -> object:
    return await submit(take, _launched(take))


async def _sign_in(take: Take) -> object:
    delivery = take.deliveries(1)[0]
    request = SignInRequest(
        learner=delivery.result.learner, account=delivery.account, activity=delivery.result.activity
    )
    return await take.connection.sign_in_url(request)


OPERATIONS = (
    Operation(
        "check",
        "the test button",
        "otherwise an administrator looks for the fault in the wrong place",
        _check,
    ),
    Operation(
        "lookup_users",
        "a look-up",
        "otherwise part of the people counts as all of them, and accounts vanish",
        everybody,
    ),
    Operation(
        "submit_results",
        "sending a result",
        "otherwise it's lost, sent twice, or shown as delivered without having arrived",
        _submit,
        sends=_one,
    ),
    Operation(
        "launched",
        "sending a result of launched content",
        "otherwise it's lost, sent twice, or shown as delivered without having arrived",
        _submit_launched,
        sends=_launched,
        more=frozenset({"read_launch", "submit_results"}),
    ),
    Operation(
        "sign_in_url",
        "signing in over there",
        "otherwise a learner is sent where they aren't let in",
        _sign_in,
        asks=False,
    ),
    Operation(
        "start_sign_in",
        "the way to an identity provider",
        "otherwise a browser is sent astray",
        leave,
        asks=False,
    ),
    Operation(
        "finish_sign_in",
        "the way back from an identity provider",
        "otherwise somebody comes in who proved nothing, or is told that they did something wrong",
        come_back,
        asks=False,
    ),
)


async def once(scene: Scene, operation: Operation) -> Record:
    """Return what `operation` asks with nothing in its way; it is played once for all rules of a suite.

    Raises:
        Broken: It fails, or asks nothing.
    """
    seen = scene.stand.seen.setdefault(type(scene.suite), {})
    if operation.name not in seen:
        seen[operation.name] = await _undisturbed(scene, operation)
    return seen[operation.name]


async def _undisturbed(scene: Scene, operation: Operation) -> Record:
    async with scene.take() as take:
        outcome = await attempt(operation.play(take))
        if outcome.error is not None:
            raise Broken(f"{operation.name} fails with nothing in its way: {outcome}")
        if operation.asks and not take.record.asked:
            raise Broken(f"{operation.name} sent no request to the system; it can't know what it says")
    return take.record


def places(length: int) -> list[int]:
    """Return at which of `length` requests a fault is played: the first two and the last two."""
    return sorted({0, 1, length - 2, length - 1} & set(range(length)))
