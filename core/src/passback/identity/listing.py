"""All users of a system, compared with all learners that are known there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import attrs

from passback.connection import Connection
from passback.identity.accounts import Bond
from passback.identity.matching import PERSON, AccountState, Finding, Index, KeyName, keys_of
from passback.model import Learner, User, UserQuery

__all__ = ["SyncReport", "ask_for_anybody", "compare", "list_users", "named"]


@attrs.frozen(kw_only=True)
class SyncReport:
    """What comparing all users of a connection brought.

    Attributes:
        connection: The connection's name.
        users: How many users its system has.
        new: The learners who are known there for the first time.
        changed: Those who are another user than before.
        gone: Those whose user isn't there any longer.
        ambiguous: Those who could be several users.
        unknown: Those who are nobody there.
    """

    connection: str
    users: int
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


async def list_users(connection: Connection, progress: Callable[[int], None]) -> Index:
    """Return all users of the system of `connection`, to the last page.

    Args:
        connection: Whom to ask.
        progress: Told after each user how many there are by now.

    Raises:
        ConnectionFailure: The system can't be asked, or doesn't tell who its users are (501).
    """
    index = Index()
    async for user in connection.lookup_users(UserQuery()):
        index.add(user)
        progress(len(index.ids))
    return index


async def ask_for_anybody(connection: Connection) -> None:
    """See that the system of `connection` tells who its users are, by no more than the first of them.

    Raises:
        ConnectionFailure: The system can't be asked, or doesn't tell who its users are (501).
    """
    await anext(connection.lookup_users(UserQuery()), None)


async def named(users: AsyncIterator[User], query: UserQuery) -> AsyncIterator[User]:
    """Yield those of `users` whom `query` names; a connector whose system can't filter yields everybody."""
    wanted = {
        name: value.strip().casefold() for name, value in attrs.asdict(query).items() if value is not None
    }
    async for user in users:
        if all((getattr(user, name) or "").strip().casefold() == value for name, value in wanted.items()):
            yield user


def compare(
    connection: Connection,
    index: Index,
    known: Mapping[str, Bond],
    learners: Sequence[Learner],
    order: Sequence[KeyName],
) -> tuple[list[Finding], SyncReport]:
    """Return who of `learners` is which of the users in `index`, and what that changes of what is `known`."""
    findings: list[Finding] = []
    sorts: dict[str, list[str]] = {name: [] for name in ("new", "changed", "gone", "ambiguous", "unknown")}
    for learner in learners:
        bond = known.get(learner.id)
        keys, _ = keys_of(connection, learner, order, bond.proposed if bond else None)
        finding = _lasting(index.find(learner, keys), bond, index)
        findings.append(finding)
        if sort := _sort(finding, bond):
            sorts[sort].append(learner.id)
    users = len(index.ids)
    told = {name: tuple(ids) for name, ids in sorts.items()}
    return findings, SyncReport(connection=connection.name, users=users, **told)


def _lasting(found: Finding, bond: Bond | None, index: Index) -> Finding:
    """Return `found`, or the bond that there was: an address that changes over there costs no account."""
    if bond is None or bond.user_id is None or found.user_id == bond.user_id:
        return found
    if not index.ids:
        # A fault over there more often than a system that everybody left: it says nothing of anyone.
        return _as_before(found.learner, bond, bond.state)
    if bond.matched_by == PERSON:
        there = bond.user_id in index.ids
        return _as_before(found.learner, bond, AccountState.KNOWN if there else AccountState.GONE)
    same_person = attrs.evolve(found.learner, name=None) == attrs.evolve(bond.learner, name=None)
    if bond.user_id in index.ids:
        lasts = bond.state is AccountState.KNOWN and (same_person or found.state is not AccountState.KNOWN)
        return _as_before(found.learner, bond, AccountState.KNOWN) if lasts else found
    if found.state is AccountState.UNKNOWN and bond.state is not AccountState.UNKNOWN:
        return _as_before(found.learner, bond, AccountState.GONE)
    return found


def _as_before(learner: Learner, bond: Bond, state: AccountState) -> Finding:
    return Finding(learner=learner, state=state, user_id=bond.user_id, matched_by=bond.matched_by)


def _sort(finding: Finding, bond: Bond | None) -> str:
    if finding.state is AccountState.KNOWN:
        if bond is None or bond.account is None:
            return "new"
        return "" if bond.user_id == finding.user_id else "changed"
    return finding.state.value
