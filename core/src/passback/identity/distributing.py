"""Content distribution: who learners are to a system that names nobody."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy import Connection

from passback.identity.accounts import bonds
from passback.identity.launches import Launches
from passback.identity.matching import AccountState, Finding
from passback.model import Learner

__all__ = ["given"]


def given(
    db: Connection, connection: str, organisation: str, learners: Sequence[Learner], *, anonymous: bool
) -> list[Finding]:
    """Return `learners` as the users under whose ids they came.

    Where they didn't, and have no account yet, they are given one that is made up if `anonymous`.
    """
    ids = [each.id for each in learners]
    settled = {
        bond.learner.id
        for bond in bonds(db, connection, organisation, ids)
        if bond.account and bond.user_id != bond.refused
    }
    findings = []
    for learner in learners:
        user = Launches.user_of(db, connection, learner.id)
        by = "launch"
        if user is None and anonymous and learner.id not in settled:
            user, by = f"anonymous-{uuid4()}", "anonymous"
        state = AccountState.UNKNOWN if user is None else AccountState.KNOWN
        findings.append(Finding(learner=learner, state=state, user_id=user, matched_by=by if user else ""))
    return findings
