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
    """What failed of the look-ups of one connection, one learner after the other."""

    def __init__(self) -> None:
        self._alone: list[Learner] = []
        self._row: list[Learner] = []
        self._last: ConnectionFailure | ContractError | None = None
        self._ended = False

    def end(self, learner: Learner, error: ConnectionFailure | ContractError) -> bool:
        """Take note that looking `learner` up failed with `error`; return whether no more are to be asked."""
        self._last = error
        self._row.append(learner)
        # Who wasn't reached, or is asked too often, doesn't mean one learner.
        alone = isinstance(error, ServerError | ContractError)
        self._ended = not alone or len(self._row) == _IN_A_ROW
        return self._ended

    def passed(self) -> None:
        """Take note that somebody was looked up: it's those before who are the matter."""
        self._alone += self._row
        self._row = []

    def findings(self) -> list[Finding]:
        """Return that those are unknown for now on whom the system fails while others pass."""
        alone = self._alone if self._ended else [*self._alone, *self._row]
        return [Finding(learner=learner, state=AccountState.UNKNOWN) for learner in alone]

    def raise_last(self) -> None:
        """Raise what failed last, if anything did."""
        if self._last is not None:
            raise self._last

    def tell(self, connection: str) -> None:
        """Say in the log what failed."""
        if self._last is not None:
            failed = len(self._alone) + len(self._row)
            log.warning("%s: %d learners can't be looked up: %s", connection, failed, self._last)
