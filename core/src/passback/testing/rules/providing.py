"""Signing people in here, by an identity provider and a browser that anybody may hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote_plus, urlsplit

import attrs

from passback.errors import ConnectionFailure, SignInRefused
from passback.model import Assertion, Departure, Incoming
from passback.testing.breaking import Broken
from passback.testing.browsing import STATE, come_back, depart, returned
from passback.testing.operations import attempt
from passback.testing.rule import rule
from passback.testing.scene import Scene
from passback.testing.secrets import secret_texts, shown

__all__: list[str] = []

_SHORTEST = 8
_CLAIMS = ("iss", "sub", "subject", "user", "email", "NameID", "issuer", "name", "id")
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
            raise Broken("the address isn't an absolute http(s) address")
        if STATE not in departure.url and STATE not in dict(departure.fields).values():
            raise Broken("neither the address nor the form has the state")
        whole = f"{departure.url} {departure.fields}"
        if found := shown(unquote_plus(whole), secret_texts(take.options())):
            raise Broken(f"the browser is given a secret of the connection ({found})")


@rule("start_sign_in.hints", "start_sign_in")
async def _hints(scene: Scene) -> None:
    """Whatever a hint says, the way leads to the provider, and back by the same state; anybody can type one.

    Encode the hint like every other parameter, and expect any text.
    """
    async with scene.take() as take:
        for hint in (None, "ana@example.com", "x", "a&b=c#d ü\r\nx: y", "\x00", "&state=other", "a" * 5000):
            outcome = await attempt(depart(take, hint))
            departure = outcome.value
            if not isinstance(departure, Departure):
                raise Broken(f"with the hint {str(hint)[:20]!r}, it came to {outcome}")
            given = [*parse_qsl(urlsplit(departure.url).query), *departure.fields]
            states = [value for name, value in given if name in ("state", "RelayState")]
            if not departure.url.isprintable() or " " in departure.url or set(states) - {STATE}:
                raise Broken(f"the hint {str(hint)[:20]!r} changed what else is in the address")


@rule("start_sign_in.fresh", "start_sign_in")
async def _fresh(scene: Scene) -> None:
    """What a return is checked against is made anew for each browser; else one's proof fits another.

    Make nonce, verifier and request id at random, each time.
    """
    async with scene.take() as take:
        first, second = await depart(take), await depart(take)
        if first.kept and dict(first.kept) == dict(second.kept):
            raise Broken("two browsers were sent away with the same nonce")
        other = [(value, second.kept[name]) for name, value in first.kept.items() if second.kept.get(name)]
        changing = [pair for pair in other if pair[0] != pair[1]]
        if changing and not any(_random(*pair) for pair in changing):
            raise Broken("what two returns are checked against is short, or follows from each other")


def _random(first: str, second: str) -> bool:
    same = sum(one == other for one, other in zip(first, second, strict=False))
    return len(first) >= _SHORTEST and same <= len(first) // 2


@rule("finish_sign_in.genuine", "finish_sign_in")
async def _genuine(scene: Scene) -> None:
    """Who signs in at the provider is signed in here, as who they are.

    Return an Assertion with the issuer and the subject as the provider writes them.
    """
    async with scene.take() as take:
        outcome = await attempt(come_back(take))
        said = outcome.value
        if not isinstance(said, Assertion) or not said.issuer.strip() or not said.subject.strip():
            raise Broken(f"after a sign-in, it came to {outcome}")


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
                raise Broken("junk signed somebody in")
            if isinstance(outcome.error, ConnectionFailure):
                raise Broken(
                    f"junk of a browser came to {outcome}; anybody could have an outage reported. "
                    "Expected SignInRefused"
                )


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
            raise Broken("nothing that was changed was refused")
        people = {each.value.subject for each in outcomes if isinstance(each.value, Assertion)}
        honest = (await attempt(come_back(take))).value
        if people - {honest.subject if isinstance(honest, Assertion) else None}:
            raise Broken("a change made somebody else of whoever came")


@rule("finish_sign_in.other_browser", "finish_sign_in")
async def _other_browser(scene: Scene) -> None:
    """A return that belongs to another browser signs nobody in; else people work as the attacker.

    Compare the nonce, verifier or request id of the answer with `request.kept`.
    """
    async with scene.take() as take:
        mine, theirs = await depart(take), await depart(take)
        outcome = await attempt(returned(take, mine, take.suite.sign_in(take.sandbox, theirs)))
        if mine.kept and isinstance(outcome.value, Assertion):
            raise Broken("what another browser brought was taken")


@rule("finish_sign_in.unasked", "finish_sign_in")
async def _unasked(scene: Scene) -> None:
    """A return for which no browser set out signs nobody in; else people work in an attacker's account.

    Raise SignInRefused where `request.kept` is None or lacks what the answer is compared with.
    """
    async with scene.take() as take:
        departure = await depart(take)
        incoming = take.suite.sign_in(take.sandbox, departure)
        if not departure.kept:
            return
        outcome = await attempt(returned(take, attrs.evolve(departure, kept={}), incoming, asked=False))
        if isinstance(outcome.value, Assertion):
            raise Broken("a return was taken that nobody here had set out for")


@rule("finish_sign_in.another_process", "finish_sign_in")
async def _another_process(scene: Scene) -> None:
    """A browser may come back to another process; else every second sign-in fails where there are two.

    Put what the return is checked against into `Departure.kept`, which the core keeps, and nothing on self.
    """
    async with scene.take() as take:
        departure = await depart(take)
        incoming = take.suite.sign_in(take.sandbox, departure)
        take.connection = take.connect()
        outcome = await attempt(returned(take, departure, incoming))
        if not isinstance(outcome.value, Assertion):
            raise Broken(f"at another process, a genuine return came to {outcome}")


@rule("finish_sign_in.additions", "finish_sign_in")
async def _additions(scene: Scene) -> None:
    """What a browser adds to a genuine return changes nothing of who it is; the address bar is anybody's.

    Take issuer, subject and attributes from what you have verified, and nothing from the query.
    """
    async with scene.take() as take:
        honest = (await attempt(come_back(take))).value
        departure = await depart(take)
        genuine = take.suite.sign_in(take.sandbox, departure)
        there = {name for name, _ in genuine.query}
        more = tuple((name, "other-than-they-are") for name in _CLAIMS if name not in there)
        incoming = attrs.evolve(genuine, query=(*genuine.query, *more))
        found = (await attempt(returned(take, departure, incoming))).value
        if isinstance(found, Assertion) and "other-than-they-are" in f"{found}":
            raise Broken("what a browser added stands in the assertion")
        if isinstance(found, Assertion) and isinstance(honest, Assertion) and found.subject != honest.subject:
            raise Broken("what a browser added made somebody else of them")


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
            raise Broken("the same return was taken twice")


def _junk(names: Sequence[str]) -> Iterator[Incoming]:
    now = datetime.now(UTC)
    yield Incoming(method="GET", received=now)
    yield Incoming(method="GET", query=(("error", "access_denied"), ("state", STATE)), received=now)
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
