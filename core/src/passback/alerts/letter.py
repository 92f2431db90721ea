"""A letter: what a mail says, before it is text or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import attrs

from passback.contract import Setback

__all__ = ["Letter", "clean", "counted", "lasting", "shortened", "shown"]

_LONGEST_REASON = 300
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@attrs.frozen(kw_only=True)
class Letter:
    """What a mail says.

    Attributes:
        subject: In one line.
        good: Whether it's good news.
        title: What happened.
        paragraphs: Since when, and what it means for learners' results.
        heading: What `said` is.
        said: What came back, or is wrong, word for word.
        setbacks: What needs somebody, by reason.
        more: How many have other reasons.
        advice: What to check.
        commands: What shows more: what it's for, and the command.
        ending: What comes next, and why this was sent.
    """

    subject: str
    good: bool = False
    title: str
    paragraphs: Sequence[str] = ()
    heading: str = ""
    said: str = ""
    setbacks: Sequence[Setback] = ()
    more: int = 0
    advice: Sequence[str] = ()
    commands: Sequence[tuple[str, str]] = ()
    ending: Sequence[str] = ()


def clean(text: str, limit: int = 600) -> str:
    """Return `text`, which came from outside, in one line without control characters, shortened."""
    line = "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def shortened(setbacks: Sequence[Setback]) -> Sequence[Setback]:
    """Return `setbacks` with everything that came from outside made fit to be shown."""
    return [
        attrs.evolve(each, reason=clean(each.reason, _LONGEST_REASON), example=clean(each.example, 100))
        for each in setbacks
    ]


def counted(number: int, noun: str = "result") -> str:
    """Return how many of what: ``1 result``, ``1,204 results``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shown(at: datetime | None) -> str:
    """Return a time as people of every country read it."""
    return "-" if at is None else f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC"


def lasting(span: timedelta) -> str:
    """Return how long something lasted, in the two largest units."""
    minutes = max(int(span.total_seconds() // 60), 0)
    units = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    start = next((place for place, (number, _) in enumerate(units) if number), None)
    if start is None:
        return "less than a minute"
    return " and ".join(counted(number, noun) for number, noun in units[start : start + 2] if number)
