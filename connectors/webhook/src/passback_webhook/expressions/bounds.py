"""What an expression may cost: steps, and the size of everything that it makes, out of one budget."""

from __future__ import annotations

import math

__all__ = ["DEEPEST", "Budget", "ExpressionFailed"]

# A message of the usual size takes some hundred; all of it takes about a tenth of a second.
_BUDGET = 100_000
DEEPEST = 64
# A text is copied much faster than an expression is evaluated.
_CHARACTERS = 16
_SMALLEST_NUMBER, _LARGEST_NUMBER = -(2**63), 2**64 - 1


class ExpressionFailed(Exception):
    """An expression has no value for what it was given; the message says why, without the data."""


class Budget:
    """The steps that are left for one message or one answer.

    Every step of an expression takes from it, and so does the size of every value that a step makes: what
    shares its parts counts as often as they stand in it, because whoever writes it out would pay that.
    """

    def __init__(self) -> None:
        self._left = _BUDGET

    def spend(self, steps: int) -> None:
        """Take `steps`.

        Raises:
            ExpressionFailed: Nothing is left.
        """
        self._left -= steps
        if self._left < 0:
            raise ExpressionFailed("it takes too many steps or makes too much; write it simpler")

    def weigh(self, value: object) -> None:
        """Take the size of `value`, which must be something that JSON can say.

        Raises:
            ExpressionFailed: It is too large or too deep, or has something that JSON doesn't.
        """
        waiting = [(value, 0)]
        while waiting:
            each, depth = waiting.pop()
            self.spend(1)
            if depth > DEEPEST:
                raise ExpressionFailed(f"it makes something nested deeper than {DEEPEST} levels")
            if isinstance(each, str):
                self.spend(len(each) // _CHARACTERS)
            elif isinstance(each, dict):
                self.spend(len(each))
                waiting += [(inner, depth + 1) for inner in each.values()]
            elif isinstance(each, list):
                self.spend(len(each))
                waiting += [(inner, depth + 1) for inner in each]
            else:
                _require_scalar(each)


def _require_scalar(value: object) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionFailed("it makes NaN or infinity, which JSON doesn't have")
    if isinstance(value, int) and not _SMALLEST_NUMBER <= value <= _LARGEST_NUMBER:
        raise ExpressionFailed("it makes a whole number beyond 64 bits")
    if value is not None and not isinstance(value, bool | int | float):
        raise ExpressionFailed("it makes an expression (&…) where a value is needed")
