"""The sandbox: a customer's API with the settings that it's given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, get_args

from starlette.responses import Response

from passback.sandbox import Stage
from passback_webhook.sandbox.app import application
from passback_webhook.sandbox.behaviour import PEOPLE, Auth, Behaviour
from passback_webhook.sandbox.events import Events
from passback_webhook.sandbox.guide import guide
from passback_webhook.sandbox.refusal import refusal
from passback_webhook.sandbox.tokens import Tokens

__all__ = ["Sandbox"]


class Sandbox(Stage):
    """A strict fake of a customer's API: ``/token``, ``/events`` and what is under it, ``/users``, ``/me``.

    Attributes:
        behaviour: Its settings.
    """

    title = "a customer's API"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._tokens = Tokens(self.behaviour)
        self._events = Events(self.behaviour)
        super().__init__(application(self.behaviour, self._tokens, self._events))

    @classmethod
    def usual(cls) -> Self:
        """Return one that gives out tokens and knows a few people, so that look-ups can be tried."""
        return cls(Behaviour(users=PEOPLE))

    @property
    def messages(self) -> list[dict[str, object]]:
        """The messages that were taken, oldest first."""
        return self._events.kept

    @property
    def repeated(self) -> list[str]:
        """The ids of messages that came again, and changed nothing."""
        return self._events.repeated

    @property
    def tokens_given(self) -> int:
        """How many tokens were given out."""
        return self._tokens.given

    def revoke_tokens(self) -> None:
        """Make every token that was given out worthless."""
        self._tokens.revoke()

    def refusal(self, status: int) -> Response:
        """Return an error as the API words it."""
        return refusal(status, "told_to_fail", "the sandbox was told to fail")

    def guide(self, url: str) -> str:
        """Return the configuration to paste, and whom it knows."""
        return guide(self.behaviour, url)


def _with(auth: Auth) -> Callable[[], Sandbox]:
    return lambda: Sandbox(Behaviour(auth=auth, users=PEOPLE))


Sandbox.presets = {auth: _with(auth) for auth in get_args(Auth)}
