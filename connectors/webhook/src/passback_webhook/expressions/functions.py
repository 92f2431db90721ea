"""The functions of JMESPath, and those that messages need beside them; all of them bounded.

A function may make something large out of something small only if it says beforehand how large: the budget
is asked before, never after.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jmespath import functions
from jmespath.functions import signature

from passback_webhook.expressions.bounds import Budget, ExpressionFailed

__all__ = ["Functions", "arities"]

_EXACT = 2**53
_LONGEST = 1 << 20
_DECIMALS = 15
# No widths and no flags: the C library would pad to any length.
_FORMAT = re.compile(r"([^%]|%[YmdHMSfjyBbAaIpZz%GVu]){0,100}", re.DOTALL)


class Functions(functions.Functions):
    """The functions that expressions may call.

    Attributes:
        budget: What they may cost.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    @signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, texts: list[str]) -> str:
        self._require_room(len(separator) * len(texts) + sum(len(each) for each in texts))
        return separator.join(texts)

    @signature({"types": ["string"]}, {"types": ["string"]}, {"types": ["string"]})
    def _func_replace(self, text: str, old: str, new: str) -> str:
        self._require_room(len(text) + text.count(old) * len(new))
        return text.replace(old, new)

    @signature({"types": ["string"]}, {"types": ["string"]})
    def _func_split(self, text: str, separator: str) -> list[str]:
        self.budget.spend(text.count(separator) if separator else 0)
        return text.split(separator) if separator else [text]

    @signature({"types": ["string"]})
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @signature({"types": ["string"]})
    def _func_upper(self, text: str) -> str:
        return text.upper()

    @signature({"types": ["string"]})
    def _func_trim(self, text: str) -> str:
        return text.strip()

    @signature({"types": ["string"]}, {"types": ["number"]}, {"types": ["number"]})
    def _func_substring(self, text: str, start: float, length: float) -> str:
        begin = max(int(start), 0)
        return text[begin : begin + max(int(length), 0)]

    @signature({"types": ["object"]}, {"types": ["string", "null"]})
    def _func_pick(self, table: dict[str, Any], key: str | None) -> object:
        return None if key is None else table.get(key)

    @signature({"types": ["number", "null"]}, {"types": ["number", "null"]})
    def _func_add(self, left: float | None, right: float | None) -> float | None:
        return None if left is None or right is None else _number(left + right)

    @signature({"types": ["number", "null"]}, {"types": ["number", "null"]})
    def _func_subtract(self, left: float | None, right: float | None) -> float | None:
        return None if left is None or right is None else _number(left - right)

    @signature({"types": ["number", "null"]}, {"types": ["number", "null"]})
    def _func_multiply(self, left: float | None, right: float | None) -> float | None:
        return None if left is None or right is None else _number(left * right)

    @signature({"types": ["number", "null"]}, {"types": ["number", "null"]})
    def _func_divide(self, left: float | None, right: float | None) -> float | None:
        if left is None or right is None or right == 0:
            return None
        return _number(left / right)

    @signature({"types": ["number", "null"]}, {"types": ["number"]})
    def _func_round(self, number: float | None, decimals: float) -> float | None:
        if number is None:
            return None
        digits = min(max(int(decimals), 0), _DECIMALS)
        return round(number, digits) if digits else _whole(number)

    @signature({"types": ["string", "null"]})
    def _func_milliseconds(self, time: str | None) -> int | None:
        return None if time is None else round(_moment(time).timestamp() * 1000)

    @signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_format_time(self, time: str | None, form: str) -> str | None:
        if not _FORMAT.fullmatch(form):
            raise ExpressionFailed("format_time: expected a form such as '%Y-%m-%d %H:%M:%S'")
        return None if time is None else _moment(time).strftime(form)

    @signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_in_zone(self, time: str | None, zone: str) -> str | None:
        try:
            return None if time is None else _moment(time).astimezone(ZoneInfo(zone)).isoformat()
        except (OSError, ValueError, KeyError, OverflowError):
            raise ExpressionFailed("in_zone: expected a time zone such as 'Europe/Zurich'") from None

    def _require_room(self, characters: int) -> None:
        if characters > _LONGEST:
            raise ExpressionFailed(f"it makes a text of more than {_LONGEST} characters")


def arities() -> dict[str, tuple[int, bool]]:
    """Return how many arguments each function takes, and whether it takes more."""
    return {
        name: (len(spec["signature"]), any(each.get("variadic") for each in spec["signature"]))
        for name, spec in Functions.FUNCTION_TABLE.items()
    }


def _number(number: float) -> float:
    if not math.isfinite(number):
        raise ExpressionFailed("the number is too large")
    return number


def _whole(number: float) -> float:
    # Halves go up, as people round.
    return math.floor(number + 0.5) if abs(number) < _EXACT else number


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ExpressionFailed("expected a time such as 2026-11-21T09:30:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
