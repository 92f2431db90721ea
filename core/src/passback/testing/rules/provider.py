"""Beside signing in: signing out, and what an administrator is shown of an identity provider and of us."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote_plus, urlsplit

import attrs

from passback.errors import Unsupported
from passback.model import (
    Assertion,
    Departure,
    Observation,
    Sample,
    SampleReading,
    ServiceMetadata,
    SignInPlace,
    SignOutStart,
)
from passback.testing import proxy
from passback.testing.breaking import Broken
from passback.testing.browsing import PLACE, come_back
from passback.testing.operations import attempt
from passback.testing.rule import rule
from passback.testing.rules.people import quietly
from passback.testing.scene import Scene, Take
from passback.testing.secrets import secret_texts, shown

__all__: list[str] = []

_AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
_MARK = "value-of-the-conformance-kit"
_JUNK = (b"", b"\x00\xff", b"{", b"<x", b"[" * 100_000, f"<x>{_MARK}</x>".encode(), f"e30.{_MARK}.x".encode())
_PRIVATE = b"PRIVATE KEY"


def _require_no_secret(take: Take, text: str, where: str) -> None:
    if found := shown(unquote_plus(text), secret_texts(take.options())):
        raise Broken(f"{where} shows a secret ({found})")


@rule("start_sign_out.leads_to_the_provider", "start_sign_out")
async def _sign_out(scene: Scene) -> None:
    """Who signs out is sent to an address that a browser can open, or nowhere; else they stay signed in.

    Return None where the provider offers nothing, and raise what self.http raises where it can't be asked.
    """
    async with scene.take() as take:
        honest = (await attempt(come_back(take))).value if "finish_sign_in" in scene.able else None
        little = Assertion(issuer="https://idp.example.com", subject="ana")
        for assertion in (honest, little):
            if not isinstance(assertion, Assertion):
                continue
            request = SignOutStart(place=PLACE, assertion=assertion)
            outcome = await attempt(take.connection.start_sign_out(request))
            if isinstance(outcome.value, Departure):
                parts = urlsplit(outcome.value.url)
                if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
                    raise Broken("the address isn't an absolute http(s) address")
                _require_no_secret(take, f"{outcome.value.url} {outcome.value.fields}", "the address")
        for fault in (proxy.cut_before, proxy.answered(500), proxy.instead()):
            take.record.play(fault)
            take.connection = take.connect()
            await attempt(take.connection.start_sign_out(SignOutStart(place=PLACE, assertion=little)))


@rule("inspect_provider.truth", "inspect_provider")
async def _inspected(scene: Scene) -> None:
    """A provider is shown as it is today, without secrets; else its faults are looked for elsewhere.

    Ask the provider each time; where it can't be read, raise, or observe it as a `problem`.
    """
    async with scene.take() as take:
        outcome = await attempt(take.connection.inspect_provider(PLACE))
        if outcome.error is not None or not outcome.value:
            raise Broken(f"with nothing in its way, it came to {outcome}")
        _require_no_secret(take, repr(outcome.value), "an observation")
        for fault in (proxy.cut_before, proxy.answered(500), proxy.answered(404), proxy.instead()):
            before = len(take.record.asked)
            take.record.play(fault)
            outcome = await attempt(take.connection.inspect_provider(PLACE))
            seen = outcome.value if isinstance(outcome.value, list) else []
            well = not any(isinstance(each, Observation) and each.verdict == "problem" for each in seen)
            if outcome.error is None and well:
                sent = len(take.record.asked) - before
                raise Broken(
                    f"the provider can't be read, {sent} requests were sent, and nothing is a problem"
                )


@rule("publish_metadata.ours", "publish_metadata")
async def _published(scene: Scene) -> None:
    """What is published says where we are, and nothing private; else nobody comes back, or anybody as us.

    Make it of `request.callback` and the public halves of keys, each time, and ask nobody.
    """
    async with scene.take() as take:
        for host in ("one.example", "other.example"):
            place = attrs.evolve(PLACE, callback=f"https://{host}/callback")
            found = quietly("publish_metadata", lambda place=place: _metadata(take, place))  # type: ignore[misc]
            if found is None:
                return
            if not isinstance(found, ServiceMetadata) or not found.body or "/" not in found.media_type:
                raise Broken("there is no document, or it doesn't say what it is")
            if place.callback.encode() not in found.body:
                raise Broken(f"the document doesn't say that people come back to {place.callback}")
            if _PRIVATE in found.body:
                raise Broken("the document holds a private key")
            _require_no_secret(take, found.body.decode("utf-8", "replace"), "the document")
        if take.record.asked:
            raise Broken("publish_metadata sent a request")


def _metadata(take: Take, place: SignInPlace) -> ServiceMetadata | None:
    try:
        return take.connection.publish_metadata(place)
    except Unsupported:
        return None  # as this connection is configured, there is nothing to say


@rule("read_sample.junk", "read_sample")
async def _junk(scene: Scene) -> None:
    """What an administrator pastes is read, or said to be wrong without its values; a crash tells nothing.

    Answer SampleReading with an Observation for each thing that would be refused, and no value.
    """
    async with scene.take() as take:
        for body in _JUNK:
            sample = Sample(body=body, at=_AT)
            found = quietly("read_sample", lambda sample=sample: take.connection.read_sample(sample))  # type: ignore[misc]
            if not isinstance(found, SampleReading):
                raise Broken(f"read_sample answered {type(found).__name__}")
            if not any(each.verdict == "problem" for each in found.observations):
                raise Broken("junk was read, and nothing is said to be a problem with it")
            if _MARK in repr(found.observations):
                raise Broken("an observation quotes the sample")
        if take.record.asked:
            raise Broken("read_sample sent a request")
