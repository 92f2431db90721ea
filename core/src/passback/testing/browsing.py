"""A browser's way to an identity provider and back, as the core has it go."""

from __future__ import annotations

from passback.model import Assertion, Departure, Incoming, SignInPlace, SignInReturn, SignInStart
from passback.testing.scene import Take

__all__ = ["PLACE", "STATE", "come_back", "depart", "leave", "returned"]

_HERE = "https://host.example/passback/sign-in/conformance"
PLACE = SignInPlace(callback=f"{_HERE}/callback", metadata=f"{_HERE}/metadata", signed_out=f"{_HERE}/out")
STATE = "state-of-the-conformance-kit"


async def depart(take: Take, hint: str | None = None) -> Departure:
    """Return where the connector sends a browser."""
    return await take.connection.start_sign_in(SignInStart(place=PLACE, state=STATE, hint=hint))


async def leave(take: Take) -> object:
    """Send a browser away."""
    return await depart(take)


async def come_back(take: Take) -> object:
    """Send a browser away, sign in over there, and come back."""
    departure = await depart(take)
    return await returned(take, departure, take.suite.sign_in(take.sandbox, departure))


async def returned(take: Take, departure: Departure, incoming: Incoming, *, asked: bool = True) -> Assertion:
    """Return who the connector says has come, by what a browser brought; `asked` if we had sent it away."""
    request = SignInReturn(
        place=PLACE, incoming=incoming, state=STATE if asked else "", kept=departure.kept if asked else None
    )
    return await take.connection.finish_sign_in(request)
