"""The statements kept in memory, and the cursors of reads that go on."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from passback_xapi.sandbox import formats
from passback_xapi.sandbox.validation import VOIDED

_AUTHORITY = {
    "objectType": "Agent",
    "account": {"homePage": "https://sandbox.example/", "name": "sandbox"},
}
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A statement as it is kept.

    Attributes:
        statement: What a read answers.
        stored: When it was kept.
        filled: Whether the store gave it its timestamp.
    """

    statement: dict[str, object]
    stored: datetime
    filled: bool


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What a read has not answered yet: the ids left, how many to a page, and the form to answer in."""

    ids: tuple[str, ...]
    size: int
    form: str


class Store:
    """Statements in the order they came in, by id."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._rests: dict[str, Rest] = {}
        self._last = datetime.min.replace(tzinfo=UTC)

    def get(self, identifier: str) -> Kept | None:
        """Return the statement of an id, voided or not."""
        return self._kept.get(identifier.lower())

    def all(self) -> list[Kept]:
        """Return every statement, oldest first."""
        return list(self._kept.values())

    def add(self, statements: Sequence[dict[str, object]], version: str) -> list[str]:
        """Keep new statements, all stored at one instant later than any before, and return their ids."""
        # Equal instants across batches would let a strict "since" lose statements.
        self._last = max(datetime.now(UTC), self._last + _TICK)
        return [self._keep(statement, version) for statement in statements]

    def voided(self) -> set[str]:
        """Return the ids of the statements that are voided: a statement that voids never is."""
        voiding = {identifier: kept for identifier, kept in self._kept.items() if _voids(kept.statement)}
        targets = {target for kept in voiding.values() if (target := refers_to(kept.statement))}
        return targets - voiding.keys()

    def set_aside(self, rest: Rest) -> str:
        """Keep what a read has left, and return the cursor to it."""
        cursor = secrets.token_urlsafe(12)
        self._rests[cursor] = rest
        return cursor

    def rest(self, cursor: str) -> Rest | None:
        """Return what a cursor stands for; it may be asked for again."""
        return self._rests.get(cursor)

    def _keep(self, statement: dict[str, object], version: str) -> str:
        now = formats.written(self._last)
        identifier = str(statement.get("id") or uuid4())
        kept = {
            "version": version,
            "timestamp": now,
            **statement,
            "id": identifier,
            "stored": now,
            "authority": _AUTHORITY,
        }
        _spread(kept)
        self._kept[identifier.lower()] = Kept(
            statement=kept, stored=self._last, filled="timestamp" not in statement
        )
        return identifier


def refers_to(statement: dict[str, object]) -> str | None:
    """Return the id of the statement that a statement's object refers to."""
    target = statement.get("object")
    if isinstance(target, dict) and target.get("objectType") == "StatementRef":
        return str(target.get("id")).lower()
    return None


def _voids(statement: dict[str, object]) -> bool:
    verb = statement.get("verb")
    return isinstance(verb, dict) and verb.get("id") == VOIDED


def _spread(statement: dict[str, object]) -> None:
    """Turn each context activity that came alone into a list of one, here and in a sub-statement."""
    context = statement.get("context")
    related = context.get("contextActivities") if isinstance(context, dict) else None
    if isinstance(context, dict) and isinstance(related, dict):
        lists = {name: entry if isinstance(entry, list) else [entry] for name, entry in related.items()}
        statement["context"] = {**context, "contextActivities": lists}
    inner = statement.get("object")
    if isinstance(inner, dict) and "context" in inner:
        statement["object"] = copied = dict(inner)
        _spread(copied)
