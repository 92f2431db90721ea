"""What is given to the outbox: a result that can be kept, and where it goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self, TypeAlias

import attrs

from passback.errors import InvalidResult
from passback.model import Result, canonical

__all__ = ["Key", "Submission"]

Key: TypeAlias = tuple[str, str]

# What the ids of a result may take together, in bytes.
_LONGEST = 2560
# What a character takes at most, in bytes.
_WIDEST = 4


@attrs.frozen(kw_only=True)
class Submission:
    """A result and where it goes.

    Attributes:
        result: The result.
        body: Its canonical bytes.
        connections: The connections that the configuration attaches its activity to.
        source: The connection that it came from, and doesn't go to; None if it's the host's own.
    """

    result: Result
    body: bytes
    connections: tuple[str, ...]
    source: str | None = None

    @classmethod
    def of(cls, result: Result, connections: Iterable[str], source: str | None = None) -> Self:
        """Return `result` ready to be put.

        Raises:
            InvalidResult: It holds something that couldn't be read back, or looked up by.
        """
        body = canonical(result)
        _require_indexable(result)
        return cls(result=result, body=body, connections=tuple(connections), source=source)

    @property
    def key(self) -> Key:
        """What makes it this fact and no other."""
        return self.result.organisation, self.result.id


def _require_indexable(result: Result) -> None:
    together = f"{result.id}{result.learner.id}{result.activity.id}{result.organisation}"
    if len(together) * _WIDEST <= _LONGEST and "\0" not in together:
        return
    ids = {
        "id": result.id,
        "learner.id": result.learner.id,
        "activity.id": result.activity.id,
        "organisation": result.organisation,
    }
    for field, text in ids.items():
        if "\0" in text:
            raise InvalidResult(field, "expected a text without a NUL character")
    sizes = {field: len(text.encode()) for field, text in ids.items()}
    # They stand together in an index, whose entries PostgreSQL limits.
    for field in ("id", "learner.id"):
        others = [each for each in sizes if (each == "id") == (field == "id") or each == "organisation"]
        if sum(sizes[each] for each in others) > _LONGEST:
            together = ", ".join(each for each in others if each != field)
            raise InvalidResult(field, f"expected at most {_LONGEST} bytes in UTF-8 together with {together}")
