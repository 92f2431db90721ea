"""Which user of a system a learner is: compared by one key after the other, never guessed between two."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Literal, TypeAlias, get_args

import attrs

from passback.connection import Connection
from passback.model import IdentityProposal, IdentityRequest, Learner, User, UserQuery

__all__ = ["ORDER", "PERSON", "WEAK", "AccountState", "Finding", "Index", "KeyName", "keys_of", "look_up"]

KeyName: TypeAlias = Literal["external_id", "id", "username", "email"]

ORDER: tuple[KeyName, ...] = ("external_id", "username", "email")
"""What is compared, in the order in which it counts where the configuration doesn't say otherwise.

Not the system's own id: a customer's number for one person may be its number for another.
"""

# What a person said is undone by another person, and by no list.
PERSON = "person"

# What anything else is worth more than.
WEAK = ("launch", "anonymous")

# A system that answers with so many users for one address doesn't filter by it.
_MOST_ANSWERS = 1000


class AccountState(StrEnum):
    """What is known of a learner at a connection."""

    KNOWN = "known"
    AMBIGUOUS = "ambiguous"
    UNKNOWN = "unknown"
    GONE = "gone"


@attrs.frozen(kw_only=True)
class Finding:
    """What a look-up found out about one learner.

    Attributes:
        learner: Who was looked for.
        state: Whether they were found.
        user_id: Which user they are, if they were.
        matched_by: What they were recognised by.
        candidates: The users among whom a person must decide.
        alone: Whether the system failed on them while others passed.
        unasked: Whether nobody was asked, as the learner has nothing to be looked up by: so it says nothing
            of the system, and nothing new of them.
    """

    learner: Learner
    state: AccountState
    user_id: str | None = None
    matched_by: str = ""
    candidates: tuple[str, ...] = ()
    alone: bool = False
    unasked: bool = False


class Index:
    """Users of a system, to be found by any of their keys."""

    def __init__(self, users: Iterable[User] = ()) -> None:
        self._by_key: dict[tuple[str, str], list[User]] = {}
        self.ids: set[str] = set()
        for user in users:
            self.add(user)

    def add(self, user: User) -> None:
        """Take note of `user`; one that was seen before is the same."""
        if user.id in self.ids:
            return
        self.ids.add(user.id)
        for name, value in _keys_of_user(user).items():
            self._by_key.setdefault((name, value), []).append(user)

    def find(self, learner: Learner, keys: Mapping[KeyName, str]) -> Finding:
        """Return who `learner` is by the first of `keys` that anybody has."""
        for name, value in keys.items():
            found = self._by_key.get((name, _same(name, value)), [])
            # Of those who left, none is taken for somebody who is still there.
            active = [user for user in found if user.active] or found
            if len(active) == 1:
                return Finding(
                    learner=learner, state=AccountState.KNOWN, user_id=active[0].id, matched_by=name
                )
            if active:
                ids = tuple(sorted(user.id for user in active))
                return Finding(learner=learner, state=AccountState.AMBIGUOUS, matched_by=name, candidates=ids)
        return Finding(learner=learner, state=AccountState.UNKNOWN)


def keys_of(
    connection: Connection,
    learner: Learner,
    order: Sequence[KeyName],
    proposal: IdentityProposal | None = None,
) -> tuple[Mapping[KeyName, str], IdentityProposal | None]:
    """Return what `learner` is looked for by, in order, and what the connection itself proposes.

    Args:
        connection: Where.
        learner: Who.
        order: The keys that count there, the surest first.
        proposal: What it proposed when they signed in; otherwise it's asked.
    """
    has: dict[KeyName, str | None] = {
        "external_id": learner.external_id,
        "id": learner.external_id,
        "username": learner.username,
        "email": learner.address,
    }
    keys = {name: value for name in order if name in connection.connector.keys and (value := has[name])}
    if proposal is None and "map_identity" in connection.capabilities:
        proposal = connection.map_identity(IdentityRequest(learner=learner))
    if proposal is not None:
        # The connector knows its system better than any order does.
        proposed: KeyName = next((each for each in get_args(KeyName) if each == proposal.matched_by), "id")
        keys = {proposed: proposal.user_id, **{name: keys[name] for name in keys if name != proposed}}
    return keys, proposal


async def look_up(
    connection: Connection, learner: Learner, keys: Mapping[KeyName, str], filters: Collection[str]
) -> Finding | None:
    """Ask the system of `connection` for `learner` alone; None if only a list of all its users can tell.

    Raises:
        ConnectionFailure: The system can't be asked, or doesn't tell who its users are (501).
    """
    for name, value in keys.items():
        if name not in filters:
            return None
        index = Index()
        async for user in connection.lookup_users(UserQuery(**{name: value})):
            index.add(user)
            if len(index.ids) > _MOST_ANSWERS:
                return None
        found = index.find(learner, {name: value})
        if found.state is not AccountState.UNKNOWN:
            return found
    return Finding(learner=learner, state=AccountState.UNKNOWN, unasked=not keys)


def _keys_of_user(user: User) -> Mapping[str, str]:
    has = {"external_id": user.external_id, "id": user.id, "username": user.username, "email": user.email}
    return {name: _same(name, value) for name, value in has.items() if value}


def _same(name: str, value: str) -> str:
    # Only addresses are the same however they are written; ids in upper and in lower case are two.
    return value.strip().casefold() if name == "email" else value
