"""Faults as they are ordered on a command line: ``429=5:3@/users``."""

from __future__ import annotations

import re

from passback.sandbox.stage import Stage

__all__ = ["FORM", "order"]

FORM = "WHAT[=VALUE][:TIMES][@ON]"
"""The form of an order.

WHAT is a status (its VALUE is Retry-After), ``html``, ``slow`` (its VALUE is seconds), ``cut-before``,
``cut-after`` or ``truncate``; TIMES is how many requests (1); ON is the beginning of a path, or a method.
"""

_ORDER = re.compile(
    r"(?P<what>[1-5]\d\d|[a-z-]+)(=(?P<value>[^:@]+))?(:(?P<times>\d{1,9}))?(@(?P<on>.+))?", re.ASCII
)
_SLOW = 3.0


def order(sandbox: Stage, text: str) -> None:
    """Have `sandbox` play the fault that `text` orders.

    Raises:
        ValueError: `text` is no order; says what one is.
    """
    found = _ORDER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r}: expected {FORM}, as 503:3@/users or slow=2")
    what, value, on = found["what"], found["value"], found["on"]
    times = int(found["times"] or 1)
    if what.isdigit():
        headers = {} if value is None else {"Retry-After": value}
        sandbox.fail(status=int(what), times=times, headers=headers, on=on)
    elif what == "slow":
        sandbox.slow(_seconds(value), times, on)
    else:
        known = {
            "html": sandbox.html,
            "cut-before": sandbox.cut_before,
            "cut-after": sandbox.cut_after,
            "truncate": sandbox.truncate,
        }
        if what not in known or value is not None:
            raise ValueError(f"{text!r}: expected a status, slow=SECONDS, or {', '.join(sorted(known))}")
        known[what](times, on)


def _seconds(value: str | None) -> float:
    try:
        return _SLOW if value is None else float(value)
    except ValueError:
        raise ValueError(f"slow={value}: expected seconds, as slow=2.5") from None
