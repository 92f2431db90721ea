"""Signing our learners in to a system."""

from __future__ import annotations

from urllib.parse import urlsplit

from passback.model import SignIn
from passback.testing.operations import OPERATIONS, attempt
from passback.testing.rule import broken, rule
from passback.testing.scene import Scene

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
            raise broken(f"with nothing in its way, it came to {outcome}")
        parts = urlsplit(outcome.value.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise broken("the address isn't an absolute http(s) address")
        if "@" in parts.netloc or not outcome.value.url.isprintable():
            raise broken("the address holds a user name, or characters that no browser takes")
