"""Learners on whom a look-up fails, told apart from a system that fails on everybody."""

from __future__ import annotations

import logging

from passback.errors import ConnectionFailure, ContractError, ServerError
from passback.identity import AccountState, Finding
from passback.model import Learner

__all__ = ["Failures"]

log = logging.getLogger("passback.identity")

# So many one after the other aren't a matter of who they are.
_IN_A_ROW = 3


class Failures:
    """What failed of the look-ups of one connection, one learner after the other.

    Attributes:
        unlisted: Why the list of all users can't be had, in which somebody is to be looked for.
    """

    def __init__(self) -> None:
        self.unlisted: ServerError | ContractError | None = None
        self._alone: list[Learner] = []
        self._row: list[Learner] = []
        self._last: ConnectionFailure | ContractError | None = None
        self._anybody = self._ended = False

    def end(self, learner: Learner, error: ConnectionFailure | ContractError, *, alone: bool) -> bool:
        """Take note that looking `learner` up failed with `error`; return whether no more are to be asked.

        Who stood `alone` with that before does so again, and it says nothing of the system.
        """
        self._last = error
        # Who wasn't reached, or is asked too often, doesn't mean one learner.
        self._anybody = not isinstance(error, ServerError | ContractError)
        if alone and not self._anybody:
            self._alone.append(learner)
            return False
        self._row.append(learner)
        self._ended = self._anybody or len(self._row) == _IN_A_ROW
        return self._ended

    def passed(self) -> None:
        """Take note that somebody was looked up: it's those before who are the matter."""
        self._alone += self._row
        self._row = []

    def findings(self, *, passed: bool) -> list[Finding]:
        """Return that those are unknown for now on whom it fails, while others `passed` or once did."""
        alone = [*self._alone, *self._row] if passed and not self._ended else self._alone
        return [Finding(learner=learner, state=AccountState.UNKNOWN, alone=True) for learner in alone]

    def raise_last(self, *, passed: bool) -> None:
        """Raise what failed last, unless it's a matter of single learners, as others `passed`."""
        if self._last is not None and (self._anybody or (self._row and not passed)):
            raise self._last
        if self.unlisted is not None:
            raise self.unlisted

    def tell(self, connection: str) -> None:
        """Say in the log what failed."""
        if self._last is not None:
            failed = len(self._alone) + len(self._row)
            log.warning("%s: %d learners can't be looked up: %s", connection, failed, self._last)
