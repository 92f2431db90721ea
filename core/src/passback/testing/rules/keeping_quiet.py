"""Nothing secret is shown, and nothing is asked of anybody but the configured system."""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

import attrs

from passback.model import CourseListRequest, Incoming, LaunchQuery
from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.browsing import depart, returned
from passback.testing.operations import OPERATIONS, Operation, Outcome, attempt
from passback.testing.rule import rule
from passback.testing.scene import Scene, Take
from passback.testing.secrets import proofs, secret_texts, shown
from passback.testing.watching import calls, said

__all__: list[str] = []

# What proves something, and what was answered.
_Came: TypeAlias = "tuple[list[str], list[str]]"
_LONG = 12
_ECHOES = (200, 400, 401, 404, 409, 422, 500)


def _operations(scene: Scene) -> list[Operation]:
    return [each for each in OPERATIONS if each.needs <= scene.able]


def _secrets(take: Take) -> set[str]:
    found = set(secret_texts(take.options()))
    return found | {proof for asked in take.record.asked for proof in proofs(asked)}


@rule("secrets.errors")
async def _errors(scene: Scene) -> None:
    """No secret stands in an error, a receipt or a traceback, also where the system quotes what it was sent.

    Quote an answer by Response.excerpt(), and hide from it what no header carried: Response.hiding(…).
    """
    for operation in _operations(scene):
        for status in _ECHOES:
            for place in (0, 1):
                async with scene.take() as take:
                    take.record.play(proxy.echoed(status), place)
                    outcome = await attempt(operation.play(take))
                    if found := shown(_told(outcome), _secrets(take)):
                        how = f"answered {status} with what was sent"
                        raise Broken(f"{operation.name}, {how}, shows a secret ({found})")


def _told(outcome: Outcome) -> str:
    if outcome.error is None:
        return repr(outcome.value)
    lines = traceback.format_exception(outcome.error, chain=True)
    return "\n".join([*lines, repr(outcome.error), *_behind(outcome.error)])


def _behind(error: BaseException) -> Iterable[str]:
    # What was suppressed with `from None` is still there for whoever looks at it, as error trackers do.
    behind = error.__cause__ or error.__context__
    while behind is not None:
        yield repr(behind)
        behind = behind.__cause__ or behind.__context__


@rule("secrets.logs")
async def _logs(scene: Scene) -> None:
    """No secret is logged or printed, at whatever level; logs are kept for years and read by many.

    Log what was asked by method and path, without query, headers and bodies.
    """
    for operation in _operations(scene):
        for fault in (None, proxy.answered(500), proxy.answered(401), proxy.cut_before):
            listener = said()
            async with scene.take() as take:
                if fault is not None:
                    take.record.play(fault)
                with listener.listening():
                    await attempt(operation.play(take))
                if found := shown(listener.text, _secrets(take)):
                    raise Broken(f"{operation.name} logs or prints a secret ({found})")


@rule("secrets.incoming")
async def _incoming(scene: Scene) -> None:
    """What others prove themselves by here is neither logged nor answered; who reads it could be them.

    Log that something came, and answer no header, key or signature.
    """
    for name, ask in _COMING.items():
        if name not in scene.able:
            continue
        async with scene.take() as take:
            listener = said()
            with listener.listening():
                proving, answers = await ask(take)
            own = set(secret_texts(take.options()))
            if found := shown(listener.text, {*own, *proving}):
                raise Broken(f"{name} logs or prints what proves something ({found})")
            if found := shown(" ".join(answers), {*own, *proving}):
                raise Broken(f"{name} answers what proves something ({found})")


async def _event(take: Take) -> _Came:
    event = take.suite.event(take.sandbox)
    headers = {
        name: value[:-1] + ("A" if value[-1:] != "A" else "B") for name, value in event.headers.items()
    }
    forged = attrs.evolve(event, headers=headers)
    received = [take.connection.receive_results(each) for each in (event, forged)]
    return _credentials(event), [f"{each.body} {each.headers}" for each in received]


async def _pull(take: Take) -> _Came:
    pull = take.suite.course_request(take.sandbox)
    received = take.connection.list_courses(CourseListRequest(incoming=pull, courses=()))
    return _credentials(pull), [f"{received.body} {received.headers}"]


async def _launch(take: Take) -> _Came:
    pairs = tuple(take.suite.launch(take.sandbox, take.url))
    launch = take.connection.read_launch(LaunchQuery(pairs=pairs))
    kept = {} if launch is None else launch.parameters
    return [value for value in kept.values() if take.url not in value and len(value) >= _LONG], []


async def _return(take: Take) -> _Came:
    departure = await depart(take)
    incoming = take.suite.sign_in(take.sandbox, departure)
    await attempt(returned(take, departure, incoming))
    brought = [*incoming.query, *parse_qsl(incoming.body.decode("latin-1"))]
    return [value for name, value in brought if len(value) >= _LONG and name not in ("state", "iss")], []


def _credentials(incoming: Incoming) -> list[str]:
    return [
        part
        for name, value in incoming.headers.items()
        if re.search("auth|sign|token|key|secret", name)
        for part in re.split(r"[ ,=]", value)
        if len(part) >= _LONG
    ]


_COMING: Mapping[str, Callable[[Take], Awaitable[_Came]]] = {
    "receive_results": _event,
    "list_courses": _pull,
    "read_launch": _launch,
    "finish_sign_in": _return,
}


@rule("secrets.reprs")
async def _reprs(scene: Scene) -> None:
    """No secret stands in the repr of the connector or of anything it holds; debuggers and logs show those.

    Keep secrets as SecretStr, or leave them out: attrs.field(repr=False).
    """
    for operation in _operations(scene):
        async with scene.take() as take:
            await attempt(operation.play(take))
            connector, secrets = take.connection.connector, _secrets(take)
            held = {"the connector": connector, **vars(connector)}
            for name, each in held.items():
                if found := shown(f"{each!r} {each!s}", secrets):
                    raise Broken(f"the repr of {name} shows a secret ({found})")


@rule("hosts.only_the_configured")
async def _only_the_configured(scene: Scene) -> None:
    """Nothing is sent to any host but the configured one; customers allow one, and look at their firewall.

    Send everything through self.http, to addresses made of the options; refuse an absolute link to elsewhere.
    """
    own = urlsplit(scene.stand.url).netloc
    for operation in _operations(scene):
        async with scene.take() as take:
            with calls() as noted:
                await attempt(operation.play(take))
        for call in noted:
            if call.startswith(("connect ", "look up ")) and call not in {
                f"connect {own}",
                f"look up {urlsplit(scene.stand.url).hostname}",
            }:
                raise Broken(f"{operation.name} did: {call}")


@rule("hosts.links")
async def _links(scene: Scene) -> None:
    """A link in an answer that leads to another host isn't followed; the token would go along.

    Compare where a link leads with the configured address before you follow it.
    """
    elsewhere = scene.stand.elsewhere.encode()
    for operation in _operations(scene):
        async with scene.take() as take:
            own = take.url.partition("://")[2].partition("/")[0].encode()
            take.record.play(proxy.relinked(b"http://" + own, elsewhere))
            await attempt(operation.play(take))
            if take.record.elsewhere:
                raise Broken(f"{operation.name} followed a link to another host")
