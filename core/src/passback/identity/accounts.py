"""Accounts: the stored bond between a learner and the user of one system that they are."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

import attrs
import msgspec
from sqlalchemy import Connection, Row, delete, insert, select, tuple_, update

from passback.identity.matching import PERSON, WEAK, AccountState, Finding
from passback.model import Account, IdentityProposal, Learner
from passback.store import AT_ONCE, milliseconds, moment, parts, schema

__all__ = ["Bond", "bonds", "forget", "keep", "known"]

_a = schema.account.c


@attrs.frozen(kw_only=True)
class Bond:
    """What is known of a learner at a connection.

    Attributes:
        connection: The connection's name.
        learner: The learner, as the last result had them.
        organisation: Whose learner.
        state: ``known``, ``ambiguous``, ``unknown`` or ``gone``.
        user_id: Which user they are; which they were, if that one is gone.
        matched_by: What they were recognised by.
        candidates: The users among whom a person must decide.
        checked: When they were looked for last.
        since: Since when they are that user, or one whom the system refuses.
        refused: The user whom the system said it doesn't know, though it was found there.
        alone: Whether the system failed on them last, while others passed.
        proposed: What the connector made of the learner's sign-in: the key by which they are looked up first.
    """

    connection: str
    learner: Learner
    organisation: str
    state: AccountState
    user_id: str | None
    matched_by: str
    candidates: tuple[str, ...]
    checked: datetime
    since: datetime
    refused: str | None = None
    alone: bool = False
    proposed: IdentityProposal | None = None

    @property
    def expected(self) -> bool:
        """Whether they signed in, and weren't looked for since."""
        return milliseconds(self.checked) == AT_ONCE

    @property
    def account(self) -> Account | None:
        """The account, where it's known."""
        if self.state is not AccountState.KNOWN or self.user_id is None:
            return None
        return Account(user_id=self.user_id, matched_by=self.matched_by, checked=self.checked)

    @property
    def usable(self) -> bool:
        """Whether they have an account that the system didn't refuse last."""
        return self.account is not None and self.user_id != self.refused


def bonds(
    db: Connection, connection: str, organisation: str, learners: Collection[str] | None = None
) -> Iterator[Bond]:
    """Yield what is known at `connection`, of `learners` or of everybody there."""
    mine = select(schema.account).where(_a.connection == connection, _a.organisation == organisation)
    if learners is None:
        yield from map(_bond, db.execute(mine.order_by(_a.learner)))
        return
    ids = sorted(learners)
    for some in parts(ids):
        yield from map(_bond, db.execute(mine.where(_a.learner.in_(some))))


def known(
    db: Connection, connection: str, organisation: str, learners: Collection[str]
) -> Mapping[str, Account]:
    """Return learner → account, of those `learners` that have one at `connection`."""
    found = bonds(db, connection, organisation, learners)
    return {bond.learner.id: bond.account for bond in found if bond.account is not None}


def keep(
    db: Connection, connection: str, organisation: str, findings: Sequence[Finding], now: datetime
) -> list[str]:
    """Keep `findings`; return the learners who are another user from now on, or one for the first time.

    What a person decided stays, unless another person does; and who has an account that the system takes
    keeps it where no other is found.
    """
    before = {
        bond.learner.id: bond
        for bond in bonds(db, connection, organisation, [each.learner.id for each in findings])
    }
    released: list[str] = []
    for finding in findings:
        bond = before.get(finding.learner.id)
        if bond and bond.matched_by == PERSON != finding.matched_by:
            finding = _decided(bond, finding)  # noqa: PLW2901 - it's what is kept instead
        elif bond and bond.account and bond.expected and finding.state is AccountState.UNKNOWN:
            finding = _lasting(bond, finding)  # noqa: PLW2901 - as above
        new = finding.user_id if finding.state is AccountState.KNOWN else None
        if new is not None and (bond is None or bond.account is None or bond.user_id != new):
            released.append(finding.learner.id)
        _write(db, connection, organisation, finding, bond, milliseconds(now))
    return released


def forget(db: Connection, organisation: str, learner: str) -> None:
    """Remove what is known of `learner`, at every connection."""
    db.execute(delete(schema.account).where(_a.organisation == organisation, _a.learner == learner))


def _decided(bond: Bond, finding: Finding) -> Finding:
    gone = finding.state is AccountState.GONE
    return Finding(
        learner=finding.learner,
        state=AccountState.GONE if gone else AccountState.KNOWN,
        user_id=bond.user_id,
        matched_by=bond.matched_by,
    )


def _lasting(bond: Bond, finding: Finding) -> Finding:
    return attrs.evolve(finding, state=AccountState.KNOWN, user_id=bond.user_id, matched_by=bond.matched_by)


def _write(
    db: Connection, connection: str, organisation: str, finding: Finding, before: Bond | None, now: int
) -> None:
    same = before is not None and (before.state, before.user_id) == (finding.state, finding.user_id)
    values = {
        "state": finding.state.value,
        "user_id": finding.user_id,
        "matched_by": finding.matched_by,
        "candidates": json.dumps(finding.candidates),
        "person": msgspec.json.encode(attrs.asdict(finding.learner)),
        "checked": now,
        "alone": finding.alone,
    }
    if finding.state is AccountState.KNOWN and finding.matched_by not in WEAK:
        # An address that was said once may be another person's when it's looked for again.
        values |= {"proposed_by": None, "proposed_id": None}
    key = {"connection": connection, "organisation": organisation, "learner": finding.learner.id}
    if before is None:
        db.execute(insert(schema.account), {**key, **values, "changed": now})
        return
    where = tuple_(_a.connection, _a.organisation, _a.learner) == tuple_(*key.values())
    more = {} if same else {"changed": now, "refused": None}
    db.execute(update(schema.account).where(where).values(**values, **more))


def _bond(row: Row[tuple[object, ...]]) -> Bond:
    return Bond(
        connection=row.connection,
        learner=Learner(**msgspec.json.decode(row.person)),
        organisation=row.organisation,
        state=AccountState(row.state),
        user_id=row.user_id,
        matched_by=row.matched_by,
        candidates=tuple(json.loads(row.candidates)),
        checked=moment(row.checked),
        since=moment(row.changed),
        refused=row.refused,
        alone=row.alone,
        proposed=None
        if row.proposed_id is None
        else IdentityProposal(user_id=row.proposed_id, matched_by=row.proposed_by),
    )
