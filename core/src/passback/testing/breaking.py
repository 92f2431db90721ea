"""How a rule of the kit says that a connector breaks it."""

from __future__ import annotations

__all__ = ["Broken", "broken"]


class Broken(AssertionError):
    """A connector breaks a rule; says what was seen.

    Attributes:
        advice: What to do about it, where that isn't what the rule advises; else empty.
    """

    def __init__(self, seen: str, advice: str = "") -> None:
        super().__init__(seen)
        self.advice = advice


def broken(seen: str, advice: str = "") -> Broken:
    """Return the failure that says what was seen, and what to do where the rule's advice doesn't help."""
    return Broken(seen, advice)
