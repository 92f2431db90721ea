"""Accounts, launches and sign-ins for code without async: the same methods, each done when it returns."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol, TypeVar

from passback.host.app import Passback
from passback.host.people.journeys import Journey, SignedIn
from passback.identity import Bond, LaunchTicket, SyncReport, UserContext
from passback.model import Activity, Course, Departure, Incoming, Learner, SignIn

__all__ = ["BlockingAccounts", "BlockingLaunching", "BlockingSigningIn"]

T = TypeVar("T")


class _Call(Protocol):
    def __call__(self, work: Callable[[Passback], Coroutine[Any, Any, T]]) -> T: ...


class BlockingAccounts:
    """`Accounts` without async."""

    def __init__(self, call: _Call) -> None:
        self._call = call

    def of(self, connection: str) -> list[Bond]:
        """Return what is known of learners; see `Accounts.of`."""
        return self._call(lambda host: host.accounts.of(connection))

    def context(self, connection: str) -> UserContext:
        """Return whether a system tells who its users are; see `Accounts.context`."""
        return self._call(lambda host: host.accounts.context(connection))

    def sync(self, connection: str) -> SyncReport:
        """Compare all users with all learners known there; see `Accounts.sync`."""
        return self._call(lambda host: host.accounts.sync(connection))

    def decide(self, connection: str, learner: str, user_id: str) -> Bond:
        """Say which user a learner is; see `Accounts.decide`."""
        return self._call(lambda host: host.accounts.decide(connection, learner, user_id))

    def sign_in(self, connection: str, learner: str | Learner, activity: Activity | None = None) -> SignIn:
        """Return where a learner is signed in to a system; see `Accounts.sign_in`."""
        return self._call(lambda host: host.accounts.sign_in(connection, learner, activity))


class BlockingLaunching:
    """`Launching` without async."""

    def __init__(self, call: _Call) -> None:
        self._call = call

    def link(self, activity: str, connection: str) -> str:
        """Return the address to enter in an LMS; see `Launching.link`."""

        async def made(host: Passback) -> str:
            return host.launching.link(activity, connection)

        return self._call(made)

    def offer(self, connection: str, offered: Iterable[Course]) -> int:
        """Say what a system may list; see `Launching.offer`."""
        courses = list(offered)
        return self._call(lambda host: host.launching.offer(connection, courses))

    def claim(self, reference: str, learner: str | Learner) -> LaunchTicket | None:
        """Say who came by a launch; see `Launching.claim`."""
        return self._call(lambda host: host.launching.claim(reference, learner))


class BlockingSigningIn:
    """`SigningIn` without async."""

    def __init__(self, call: _Call) -> None:
        self._call = call

    def titles(self) -> dict[str, str]:
        """Return connection → what stands on the button after "Sign in to"; see `Providers.titles`."""

        async def read(host: Passback) -> dict[str, str]:
            return host.providers.titles()

        return self._call(read)

    def start(
        self, connection: str, *, browser: str = "", return_to: str = "", hint: str | None = None
    ) -> Journey:
        """Return where to send a browser that wants to sign in; see `SigningIn.start`."""
        return self._call(
            lambda host: host.signing_in.start(connection, browser=browser, return_to=return_to, hint=hint)
        )

    def finish(self, connection: str, incoming: Incoming, browser: str) -> SignedIn:
        """Return who came back; see `SigningIn.finish`."""
        return self._call(lambda host: host.signing_in.finish(connection, incoming, browser))

    def prove(self, reference: str, learner: str, browser: str) -> SignedIn:
        """Say that a learner has shown to be who signed in; see `SigningIn.prove`."""
        return self._call(lambda host: host.signing_in.prove(reference, learner, browser))

    def sign_out(self, connection: str, session: str) -> Departure | None:
        """Return where to send a browser that signs out; see `SigningIn.sign_out`."""
        return self._call(lambda host: host.signing_in.sign_out(connection, session))
