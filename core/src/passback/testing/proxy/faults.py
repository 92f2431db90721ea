"""What goes wrong on the way, as functions of a request and of the way to the sandbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import attrs

from passback.testing.proxy.messages import Answer, Asked, Cut

__all__ = [
    "Fault",
    "again_and_again",
    "answered",
    "cut_after",
    "cut_before",
    "doubled_keys",
    "echoed",
    "emptied",
    "held",
    "huge",
    "instead",
    "nulled",
    "redirected",
    "refused_writes",
    "relabelled",
    "relinked",
    "reversed_lists",
    "revoked",
    "shortened_lists",
    "silent",
    "truncated",
]

Forward: TypeAlias = Callable[[], Awaitable[Answer]]
Fault: TypeAlias = Callable[[Asked, Forward], Awaitable[Answer]]

_JSON = (("content-type", "application/json"),)
_HTML = (("content-type", "text/html; charset=utf-8"),)
_PAGE = b"<!doctype html><html><title>Sign in</title><p>The network asks you to sign in.</html>"
_HUGE = b'["' + b"x" * (256 * 1024 - 4) + b'"]'
# 128 MiB: more than any answer and what a socket holds of it, and little enough for whoever reads everything.
_REPEATED = 512


def answered(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Fault:
    """Answer with a status in the sandbox's place, in nobody's own words."""
    body = json.dumps({"message": "played by the conformance kit"}).encode()
    return instead(Answer(status=status, headers=(*_JSON, *headers), body=body))


def instead(answer: Answer | None = None) -> Fault:
    """Answer in the sandbox's place: by default as a network does that wants a sign-in, 200 with a page."""
    given = answer or Answer(headers=_HTML, body=_PAGE)

    async def play(_: Asked, __: Forward) -> Answer:
        return given

    return play


def redirected(status: int, address: str) -> Fault:
    """Redirect to the same path at another address."""

    async def play(asked: Asked, _: Forward) -> Answer:
        return Answer(status=status, headers=(("location", f"{address}{asked.target}"),))

    return play


def refused_writes(status: int) -> Fault:
    """Answer with a status whatever writes something; who asks for a token gets one."""

    async def play(asked: Asked, forward: Forward) -> Answer:
        if asked.method == "GET" or b"client_credentials" in asked.body:
            return await forward()
        return await answered(status)(asked, forward)

    return play


def echoed(status: int) -> Fault:
    """Answer with everything that was sent, as a debugging page does."""

    async def play(asked: Asked, _: Forward) -> Answer:
        said = {"headers": dict(asked.headers), "body": asked.body.decode("utf-8", "replace")}
        return Answer(status=status, headers=_JSON, body=json.dumps(said).encode())

    return play


def revoked() -> Fault:
    """Refuse, with 401, whatever proves itself by what the first request proves itself by."""
    first: list[str] = []

    async def play(asked: Asked, forward: Forward) -> Answer:
        proof = asked.header("authorization")
        first.append(proof)
        if proof == first[0]:
            return await answered(401)(asked, forward)
        return await forward()

    return play


def again_and_again() -> Fault:
    """Answer every GET with the first one's answer, as a list does whose pages never go on."""
    first: list[Answer] = []

    async def play(asked: Asked, forward: Forward) -> Answer:
        if asked.method != "GET":
            return await forward()
        if not first:
            first.append(await forward())
        return first[0]

    return play


def relabelled(kind: str) -> Fault:
    """Let the request through, and call the answer's body something else."""

    async def play(_: Asked, forward: Forward) -> Answer:
        answer = await forward()
        kept = tuple(each for each in answer.headers if each[0].lower() != "content-type")
        return attrs.evolve(answer, headers=(*kept, ("content-type", kind)))

    return play


def relinked(own: bytes, other: bytes) -> Fault:
    """Let the request through, and let every link of the answer lead to another host."""

    async def play(_: Asked, forward: Forward) -> Answer:
        answer = await forward()
        headers = tuple((name, value.replace(own.decode(), other.decode())) for name, value in answer.headers)
        return attrs.evolve(answer, headers=headers, body=answer.body.replace(own, other))

    return play


def held(seconds: float) -> Fault:
    """Let the request through after a while."""

    async def play(_: Asked, forward: Forward) -> Answer:
        await asyncio.sleep(seconds)
        return await forward()

    return play


async def silent(_: Asked, forward: Forward) -> Answer:
    """Let the request through, and never answer."""
    await forward()
    await asyncio.Event().wait()
    raise Cut


async def cut_before(_: Asked, __: Forward) -> Answer:
    """Reset the connection before the sandbox sees the request."""
    raise Cut


async def cut_after(_: Asked, forward: Forward) -> Answer:
    """Let the request through, and reset the connection instead of answering."""
    await forward()
    raise Cut


async def truncated(_: Asked, forward: Forward) -> Answer:
    """Let the request through, and close the connection in the middle of the answer."""
    answer = await forward()
    body = answer.body or b"{}"
    return attrs.evolve(answer, body=body, sent=len(body) // 2)


async def doubled_keys(_: Asked, forward: Forward) -> Answer:
    """Let the request through, and say each key of the answer twice, with another value the first time."""
    answer = await forward()
    try:
        document = json.loads(answer.body)
    except ValueError:
        return answer
    if not isinstance(document, dict):
        return answer
    pairs = [(key, value) for key, kept in document.items() for value in (None, kept)]
    body = ", ".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in pairs)
    return attrs.evolve(answer, body=f"{{{body}}}".encode())


def emptied() -> Fault:
    """Let the request through, and leave every item out of the lists of objects in its answer."""
    return _edited(
        lambda value: [] if isinstance(value, list) and value and isinstance(value[0], dict) else value
    )


def nulled(text: str) -> Fault:
    """Let the request through, and say null in its answer instead of `text`."""
    return _edited(lambda value: None if value == text else value)


def _edited(change: Callable[[object], object]) -> Fault:
    def edited(value: object) -> object:
        if isinstance(value, dict):
            return {key: edited(change(each)) for key, each in value.items()}
        return [edited(change(each)) for each in value] if isinstance(value, list) else value

    async def play(_: Asked, forward: Forward) -> Answer:
        answer = await forward()
        try:
            document = json.loads(answer.body)
        except ValueError:
            return answer
        return attrs.evolve(answer, body=json.dumps(edited(change(document))).encode())

    return play


async def reversed_lists(asked: Asked, forward: Forward) -> Answer:
    """Let the request through, and turn the lists of its answer round whose items say what they're about."""
    return _relisted(await forward(), asked, lambda items: items[::-1])


async def shortened_lists(asked: Asked, forward: Forward) -> Answer:
    """Let the request through, and leave the last item out of such lists."""
    return _relisted(await forward(), asked, lambda items: items[:-1])


def _relisted(answer: Answer, asked: Asked, change: Callable[[list[object]], list[object]]) -> Answer:
    def changed(value: object) -> object:
        if isinstance(value, dict):
            return {key: changed(each) for key, each in value.items()}
        if isinstance(value, list) and len(value) > 1 and _tells(value, asked.body):
            return change(value)
        return value

    try:
        document = json.loads(answer.body)
    except ValueError:
        return answer
    return attrs.evolve(answer, body=json.dumps(changed(document)).encode())


def _tells(items: list[object], sent: bytes) -> bool:
    """Return whether each of `items` says by an own text of the request what it's about."""
    texts = [
        {value for value in item.values() if isinstance(value, str) and value and value.encode() in sent}
        for item in items
        if isinstance(item, dict)
    ]
    return len(texts) == len(items) and all(
        each - set[str]().union(*texts[:place], *texts[place + 1 :]) for place, each in enumerate(texts)
    )


async def huge(_: Asked, __: Forward) -> Answer:
    """Answer with more than anybody could want."""
    return Answer(headers=_JSON, body=_HUGE, repeated=_REPEATED)
