"""Signing our learners in to a system."""

from __future__ import annotations

from urllib.parse import unquote_plus, urlsplit

import attrs

from passback.model import SignIn, SignInRequest
from passback.testing.breaking import Broken
from passback.testing.operations import OPERATIONS, attempt
from passback.testing.rule import rule
from passback.testing.scene import Scene
from passback.testing.secrets import secret_texts, shown
from passback.testing.wire import texts

__all__: list[str] = []


@rule("sign_in_url.leads_somewhere", "sign_in_url")
async def _leads_somewhere(scene: Scene) -> None:
    """A learner is sent to an address that a browser can open, in nobody's name but theirs.

    Return an absolute http(s) address, without user name and password, and check what the system gave you.
    """
    operation = next(each for each in OPERATIONS if each.name == "sign_in_url")
    async with scene.take() as take:
        outcome = await attempt(operation.play(take))
        if not isinstance(outcome.value, SignIn):
            raise Broken(f"with nothing in its way, it came to {outcome}")
        parts = urlsplit(outcome.value.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Broken("the address isn't an absolute http(s) address")
        if "@" in parts.netloc or not outcome.value.url.isprintable():
            raise Broken("the address holds a user name, or characters that no browser takes")
        until = outcome.value.expires
        if until is not None and (until.tzinfo is None or until <= take.clock.now()):
            raise Broken(f"it was over before it began, or says no zone: {until}")
        whole = f"{outcome.value.url} {outcome.value.fields}"
        if found := shown(unquote_plus(whole), secret_texts(take.options())):
            raise Broken(f"the browser is given a secret of the connection ({found})")


@rule("sign_in_url.own", "sign_in_url", "submit_results")
async def _own(scene: Scene) -> None:
    """Each learner is signed in as themselves; else one works in another's name.

    Make the address anew each time, for `request.account` or `request.learner`.
    """
    async with scene.take() as take:
        found, sent = [], []
        for each in take.deliveries(1, 2):
            before = len(take.record.asked)
            request = SignInRequest(
                learner=each.result.learner, account=each.account, activity=each.result.activity
            )
            found.append((await attempt(take.connection.sign_in_url(request))).value)
            sent.append(list(texts(take.record.asked[before:])))
        first, second = found
        if not isinstance(first, SignIn) or not isinstance(second, SignIn):
            return
        if first == second or (sent[1] and sent[0][-len(sent[1]) :] == sent[1]):
            raise Broken(
                "two learners were given the same address, or the system was asked the same for both"
            )


@rule("sign_in_url.hostile", "sign_in_url", "submit_results")
async def _hostile(scene: Scene) -> None:
    """Nobody is sent to another host, and who isn't known gets no crash; anybody can make a return_to.

    Take a path of `return_to` and no host; raise ServerError where account or address is missing.
    """
    other = scene.stand.elsewhere
    host = urlsplit(other).netloc
    async with scene.take() as take:
        (usual,) = take.deliveries(1)
        bare = attrs.evolve(usual.result.learner, email=None, username=None, external_id=None, name=None)
        requests = [SignInRequest(learner=bare), SignInRequest(learner=bare, account=usual.account)]
        requests += [
            SignInRequest(learner=usual.result.learner, account=usual.account, return_to=text)
            for text in (
                other,
                f"//{host}/",
                f"/\\{host}",
                f"https:{host}",
                "javascript:alert(1)",
                "\x00\r\n",
            )
        ]
        for request in requests:
            outcome = await attempt(take.connection.sign_in_url(request))
            if isinstance(outcome.value, SignIn) and urlsplit(outcome.value.url).netloc == host:
                raise Broken(f"with return_to {request.return_to!r}, a learner is sent to another host")
