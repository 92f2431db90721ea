"""How a rule of the kit says that a connector breaks it."""

from __future__ import annotations

__all__ = ["Broken"]


class Broken(AssertionError):
    """A connector breaks a rule; says what was seen.

    Attributes:
        advice: What to do about it, where that isn't what the rule advises; else empty.
    """

    def __init__(self, seen: str, advice: str = "") -> None:
        super().__init__(seen)
        self.advice = advice
