"""Signing people in here, by an identity provider and a browser that anybody may hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import attrs

from passback.errors import ConnectionFailure, SignInRefused
from passback.model import Assertion, Incoming
from passback.testing.browsing import STATE, come_back, depart, returned
from passback.testing.operations import attempt
from passback.testing.rule import broken, rule
from passback.testing.scene import Scene

__all__: list[str] = []

_USUAL = ("code", "state", "ticket", "SAMLResponse", "token")


@rule("start_sign_in.leads_to_the_provider", "start_sign_in")
async def _leads_to_the_provider(scene: Scene) -> None:
    """A browser is sent to an absolute address, with the state that brings it back to where it began.

    Put `request.state` where the provider gives it back unchanged, as `state` or `RelayState`.
    """
    async with scene.take() as take:
        departure = await depart(take)
        parts = urlsplit(departure.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise broken("the address isn't an absolute http(s) address")
        if STATE not in departure.url and STATE not in dict(departure.fields).values():
            raise broken("neither the address nor the form has the state")


@rule("start_sign_in.fresh", "start_sign_in")
async def _fresh(scene: Scene) -> None:
    """What a return is checked against is made anew for each browser; else one's proof fits another.

    Make nonce, verifier and request id at random, each time.
    """
    async with scene.take() as take:
        first, second = await depart(take), await depart(take)
        if first.kept and dict(first.kept) == dict(second.kept):
            raise broken("two browsers were sent away with the same nonce")


@rule("finish_sign_in.genuine", "finish_sign_in")
async def _genuine(scene: Scene) -> None:
    """Who signs in at the provider is signed in here, as who they are.

    Return an Assertion with the issuer and the subject as the provider writes them.
    """
    async with scene.take() as take:
        outcome = await attempt(come_back(take))
        said = outcome.value
        if not isinstance(said, Assertion) or not said.issuer.strip() or not said.subject.strip():
            raise broken(f"after a sign-in, it came to {outcome}")


@rule("finish_sign_in.hostile", "finish_sign_in")
async def _hostile(scene: Scene) -> None:
    """Whatever a browser brings by itself proves nothing, and never makes a crash; anybody can send one.

    Raise SignInRefused, which says what was wrong and no value of what came.
    """
    async with scene.take() as take:
        departure = await depart(take)
        names = [name for name, _ in take.suite.sign_in(take.sandbox, departure).query]
        for incoming in _junk(names or _USUAL):
            outcome = await attempt(returned(take, departure, incoming))
            if isinstance(outcome.value, Assertion):
                raise broken("junk signed somebody in")


@rule("finish_sign_in.tampered", "finish_sign_in")
async def _tampered(scene: Scene) -> None:
    """What was changed on its way is refused; else somebody comes in as whom they like.

    Verify signature, code or ticket with the provider before you read who it is.
    """
    async with scene.take() as take:
        departure = await depart(take)
        genuine = take.suite.sign_in(take.sandbox, departure)
        outcomes = [await attempt(returned(take, departure, each)) for each in _changed(genuine)]
        if not any(isinstance(each.error, SignInRefused | ConnectionFailure) for each in outcomes):
            raise broken("nothing that was changed was refused")
        people = {each.value.subject for each in outcomes if isinstance(each.value, Assertion)}
        honest = (await attempt(come_back(take))).value
        if people - {honest.subject if isinstance(honest, Assertion) else None}:
            raise broken("a change made somebody else of whoever came")


@rule("finish_sign_in.other_browser", "finish_sign_in")
async def _other_browser(scene: Scene) -> None:
    """A return that belongs to another browser signs nobody in; else people work as the attacker.

    Compare the nonce, verifier or request id of the answer with `request.kept`.
    """
    async with scene.take() as take:
        mine, theirs = await depart(take), await depart(take)
        outcome = await attempt(returned(take, mine, take.suite.sign_in(take.sandbox, theirs)))
        if mine.kept and isinstance(outcome.value, Assertion):
            raise broken("what another browser brought was taken")


@rule("finish_sign_in.again", "finish_sign_in")
async def _again(scene: Scene) -> None:
    """What signed somebody in signs nobody in again; it stands in histories and logs.

    Where the provider doesn't see to that, give Assertion.once and .expires, and the core does.
    """
    async with scene.take() as take:
        departure = await depart(take)
        incoming = take.suite.sign_in(take.sandbox, departure)
        await attempt(returned(take, departure, incoming))
        second = (await attempt(returned(take, departure, incoming))).value
        if isinstance(second, Assertion) and not (second.once and second.expires):
            raise broken("the same return was taken twice")


def _junk(names: Sequence[str]) -> Iterator[Incoming]:
    now = datetime.now(UTC)
    yield Incoming(method="GET", received=now)
    for text in ("", "x", "\x00", "a" * 100_000, "{}", "e30.e30.", "<x/>", "PHgvPg=="):
        query = tuple((name, text) for name in names)
        yield Incoming(method="GET", query=query, received=now)
        yield Incoming(method="GET", query=(*query, *query), received=now)
        body = "&".join(f"{name}={text}" for name in names).encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        yield Incoming(method="POST", headers=form, body=body, received=now)


def _changed(genuine: Incoming) -> Iterator[Incoming]:
    for place, (name, value) in enumerate(genuine.query):
        if value and value != STATE:
            other = ("A" if value[0] != "A" else "B") + value[1:]
            query = (*genuine.query[:place], (name, other), *genuine.query[place + 1 :])
            yield attrs.evolve(genuine, query=query)
    if genuine.body:
        middle = len(genuine.body) // 2
        yield attrs.evolve(genuine, body=genuine.body[:middle] + b"AAAA" + genuine.body[middle + 4 :])
