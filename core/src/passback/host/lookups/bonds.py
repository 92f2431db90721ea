"""What is found of the learners of one connection, kept, and what that makes of their results that wait."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.contract import AMBIGUOUS
from passback.delivery import explain_waiting, release_learners, release_one_of_each
from passback.identity import AccountState, Bond, Finding, bonds, keep, refused
from passback.model import Learner

__all__ = ["Bonds", "is_due"]

# Who isn't found is looked for again when something new of theirs comes: at once only if it says more.
_AGAIN = timedelta(minutes=15)
# Who is found, but refused, is tried again as rarely at last.
_DAILY = timedelta(days=1)
# What learners are looked up by, as far as hosts say it.
_SOUGHT_BY = ("external_id", "username", "address")


class Bonds:
    """Who the learners at one connection are, by what is kept."""

    def __init__(self, connection: str, organisation: str, clock: Clock) -> None:
        self._connection = connection
        self._organisation = organisation
        self._clock = clock

    def bonds(self, db: Database, learners: Sequence[str] | None = None) -> list[Bond]:
        """Return what is known of `learners`, or of everybody there."""
        return list(bonds(db, self._connection, self._organisation, learners))

    def keep(self, db: Database, findings: Sequence[Finding], unasked: Sequence[Learner] = ()) -> int:
        """Keep `findings`, and act on them; return how many learners are another user, or one, by that.

        Who is still one whom the system refused is tried again: it may not have been itself when it did.
        Those about whom nobody was asked are who they were.
        """
        now = self._clock.now()
        before = {bond.learner.id: bond for bond in self.bonds(db, [each.id for each in unasked])}
        findings = [*findings, *(_as_before(each, before.get(each.id)) for each in unasked)]
        changed = keep(db, self._connection, self._organisation, findings, now)
        several = (each.learner.id for each in findings if each.state is AccountState.AMBIGUOUS)
        self.act(db, self.bonds(db, [*changed, *several]))
        same = refused(db, self._connection, self._organisation, [each.learner.id for each in findings])
        release_one_of_each(db, self._connection, self._organisation, same, now)
        return len(changed)

    def act(self, db: Database, known: Iterable[Bond]) -> int:
        """Send what waits for those of `known` who have an account, and return how many they are.

        What waits for one who could be several users says so: it goes once a person has decided.
        """
        known = list(known)
        settled = [bond.learner.id for bond in known if bond.usable]
        release_learners(db, self._connection, self._organisation, settled, self._clock.now())
        several = [bond.learner.id for bond in known if bond.state is AccountState.AMBIGUOUS]
        shows = f"passback users accounts {shlex.quote(self._connection)} --state ambiguous"
        reason = f"{AMBIGUOUS}, and a person has to say which: {shows}"
        explain_waiting(db, self._connection, self._organisation, several, reason)
        return len(settled)


def _as_before(learner: Learner, bond: Bond | None) -> Finding:
    if bond is None:
        return Finding(learner=learner, state=AccountState.UNKNOWN)
    return Finding(
        learner=learner,
        state=bond.state,
        user_id=bond.user_id,
        matched_by=bond.matched_by,
        candidates=bond.candidates,
    )


def is_due(bond: Bond | None, learner: Learner, now: datetime) -> bool:
    """Return whether `learner` of `bond`, who signed in or has something waiting, is to be looked up."""
    if bond is None or bond.expected:
        return True
    if bond.state is AccountState.AMBIGUOUS:
        return False  # a person decides
    if bond.account is None:
        return _says_more(learner, bond.learner) or now - bond.checked >= _AGAIN
    # After an outage as long as this has gone on it's tried, and few times where they are refused for ever.
    rest = min(max(_AGAIN, bond.checked - bond.since), _DAILY)
    return bond.user_id == bond.refused and now - bond.checked >= rest


def _says_more(learner: Learner, before: Learner) -> bool:
    return any(getattr(learner, name) and not getattr(before, name) for name in _SOUGHT_BY)
