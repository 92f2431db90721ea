"""Launches: what an LMS handed over when it opened the content, from a browser that anybody may hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import attrs

from passback.model import AlreadyThere, Delivered, Launch, LaunchQuery
from passback.testing.breaking import Broken
from passback.testing.operations import attempt, submit
from passback.testing.rule import rule
from passback.testing.rules.people import quietly
from passback.testing.scene import Scene, Take
from passback.testing.settling import require_account

__all__: list[str] = []

_Pairs = Sequence[tuple[str, str]]
_ODD = (
    "",
    "\x00",
    "a" * 200_000,
    "%00%0d%0a",
    "{}",
    "[]",
    "null",
    "../../../x",
    "\u202e",
    "http://[",
    "javascript:x",
)


def _read(take: Take, pairs: _Pairs) -> Launch | None:
    query = LaunchQuery(pairs=tuple(pairs))
    found = quietly("read_launch", lambda: take.connection.read_launch(query))
    return found if isinstance(found, Launch) else None


def _genuine(take: Take) -> list[tuple[str, str]]:
    return list(take.suite.launch(take.sandbox, take.url))


@rule("read_launch.genuine", "read_launch")
async def _is_read(scene: Scene) -> None:
    """A launch of the system's own is read; without it, no result of content that was opened there goes back.

    Return a Launch with what the answer needs in `parameters`.
    """
    async with scene.take() as take:
        launch = _read(take, _genuine(take))
        if launch is None:
            raise Broken("the sandbox's own launch was taken for none")
        until = launch.expires
        if until is not None and (until.tzinfo is None or until <= take.clock.now()):
            raise Broken(f"the launch was over before it began, or says no zone: {until}")


@rule("read_launch.hostile", "read_launch")
async def _hostile(scene: Scene) -> None:
    """Whatever a query holds, it's a launch or none, and never a crash; anybody can open that address.

    Validate every parameter before you use it, and return None where one isn't what it must be.
    """
    async with scene.take() as take:
        for pairs in _variants(_genuine(take), _ODD):
            _read(take, pairs)


@rule("read_launch.nothing", "read_launch")
async def _nothing(scene: Scene) -> None:
    """A query that says nothing is no launch; else every visitor would replace one that works.

    Require the parameters that the answer needs.
    """
    async with scene.take() as take:
        for pairs in ((), (("x", "y"),), tuple((name, "") for name, _ in _genuine(take))):
            if _read(take, pairs) is not None:
                raise Broken(f"a query of {len(pairs)} empty or strange parameters was taken for a launch")


@rule("read_launch.asks_nobody", "read_launch")
async def _asks_nobody(scene: Scene) -> None:
    """A launch is read without asking anybody; a browser waits, and the query may be forged.

    Use what it holds when results are sent, not before.
    """
    async with scene.take() as take:
        _read(take, _genuine(take))
        if take.record.asked:
            raise Broken("read_launch sent a request")


@rule("read_launch.hidden", "read_launch")
async def _hidden(scene: Scene) -> None:
    """A launch's tokens don't stand in its repr; logs and debuggers show that.

    Keep them in `parameters` or `passthrough`; of the query, `user_id` alone is shown.
    """
    async with scene.take() as take:
        pairs = _genuine(take)
        launch = _read(take, pairs)
        long = [value for _, value in pairs if len(value) > 8 and value != (launch and launch.user_id)]  # noqa: PLR2004
        if any(value in repr(launch) for value in long):
            raise Broken("the launch's repr shows a parameter of the query")


@rule("read_launch.delivers", "read_launch", "submit_results")
async def _delivers(scene: Scene) -> None:
    """A result goes back by the launch that opened its content; that is what launches are kept for.

    Read `delivery.launch`, and give back its id in the receipt: Delivered(delivery.id, launch=launch.id).
    """
    async with scene.take() as take:
        launch = _read(take, _genuine(take))
        if launch is None:
            raise Broken("the sandbox's own launch was taken for none")
        delivery = attrs.evolve(take.deliveries(1)[0], launch=attrs.evolve(launch, id=7))
        outcome = await attempt(submit(take, [delivery]))
        if not outcome.receipts or not isinstance(outcome.receipts[0], Delivered | AlreadyThere):
            raise Broken(f"with a launch that is good, it came to {outcome}")
        require_account(take, [delivery])


@rule("read_launch.own_only", "read_launch", "submit_results")
async def _own_only(scene: Scene) -> None:
    """A launch serves the delivery that it's with; else one learner's token carries the results of another.

    Take it from `delivery.launch` each time, and keep none on self.
    """
    async with scene.take() as take:
        second = take.deliveries(2)
        await attempt(submit(take, second))
        usual = [each.path for each in take.record.asked]
    async with scene.take() as take:
        launch = _read(take, _genuine(take))
        first = [
            attrs.evolve(each, launch=launch and attrs.evolve(launch, id=7)) for each in take.deliveries(1)
        ]
        await attempt(submit(take, first))
        before = len(take.record.asked)
        await attempt(submit(take, second))
        if more := {each.path for each in take.record.asked[before:]} - set(usual):
            raise Broken(f"a result without a launch went to {min(more)}, after one with a launch")


@rule("read_launch.stays_home", "read_launch", "submit_results")
async def _stays_home(scene: Scene) -> None:
    """A forged launch sends nothing to another host; it would take the provider's credentials along.

    Compare every host that a launch names with the configured ones; join a path, and parse the whole again.
    """
    async with scene.take() as take:
        genuine = _genuine(take)
    other = scene.stand.elsewhere
    host = urlsplit(other).netloc
    own = scene.stand.url
    mixed = (f"{own}@{host}/x", f"{other}/{own}", f"{other}/?{own}", f"{other}#{own}", f"{own}.{host}/")
    plain = (other, f"//{host}", host, f"@{host}/", f"/\\{host}", f".{host}")
    for pairs in _variants(genuine, (*plain, *mixed)):
        async with scene.take() as take:
            launch = _read(take, pairs)
            if launch is None:
                continue
            delivery = attrs.evolve(take.deliveries(1)[0], launch=attrs.evolve(launch, id=7))
            await attempt(submit(take, [delivery]))
            if take.record.elsewhere:
                raise Broken("a launch that names another host made the connector send there")


def _variants(genuine: _Pairs, texts: Sequence[str]) -> Iterator[_Pairs]:
    for place, (name, value) in enumerate(genuine):
        for text in texts:
            yield [*genuine[:place], (name, text), *genuine[place + 1 :]]
            yield [(name, text), *genuine]
        yield [*genuine[:place], *genuine[place + 1 :]]
        yield [*genuine, (name, value)]
    yield [(text, text) for text in texts]
