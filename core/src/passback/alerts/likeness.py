"""Reasons that say the same of different learners and things, as systems name those in what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["common", "likeness"]

# An address, or what has four digits: somebody's id or number, or a moment. A status has three.
_NAMED = re.compile(r"(?<![\w.+-])(?:[\w.+-]+@[\w.-]+|(?:(?:[^\W\d]|[.+-])*\d){4}[\w.+-]*)")
_ANY = "…"


def likeness(reason: str) -> str:
    """Return what `reason` has in common with those that say the same of others."""
    return _NAMED.sub(_ANY, reason)


def common(reasons: Sequence[str]) -> str:
    """Return `reasons`, which are alike, as one, with ``…`` where they differ."""
    named: Iterable[Sequence[str]] = zip(*(_NAMED.findall(each) for each in reasons), strict=True)
    words = (each[0] if len({*each}) == 1 else _ANY for each in named)
    return _NAMED.sub(lambda _: next(words), reasons[0])
