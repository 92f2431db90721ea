"""What can go wrong on the way, what each means, and by what a connector may say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import attrs

from passback.errors import CannotConnect, ConnectionFailure, RateLimited, ServerError, Unsupported
from passback.http import Timeouts
from passback.model import (
    ActivityUnknown,
    AlreadyThere,
    NeedsLaunch,
    Receipt,
    Rejected,
    TryLater,
    UserUnknown,
)
from passback.testing import proxy
from passback.testing.proxy import Fault
from passback.testing.scene import HASTY, PATIENT

__all__ = ["TROUBLES", "Trouble"]

_SECONDS = 120
_LATER = (TryLater,)
_WAITS = (TryLater, UserUnknown, ActivityUnknown, NeedsLaunch)


@attrs.frozen(kw_only=True)
class Trouble:
    """One thing that goes wrong.

    Attributes:
        name: What it is called.
        happens: The same in words.
        fault: Makes what the proxy plays, from the address of another host.
        errors: What may be raised.
        receipts: What a result's receipt may be, besides what is true.
        advice: How it's told apart.
        times: How many requests it befalls; None for all from the first on.
        timeouts: How long the connector waits.
        allowed: Whether the call may succeed all the same.
        seconds: After how many seconds it may be tried again, where the system says so.
        most: How many requests may be sent into it.
        refuses: Whether the system says that something isn't accepted.
        settles: Whether it is over afterwards, so that the result must arrive then.
    """

    name: str
    happens: str
    fault: Callable[[str], Fault]
    errors: tuple[type[ConnectionFailure], ...]
    receipts: tuple[type[Receipt], ...] = _LATER
    advice: str
    times: int | None = None
    timeouts: Timeouts = PATIENT
    allowed: bool = False
    seconds: int | None = None
    most: int = 8
    refuses: bool = False
    settles: bool = True


_CUT = "Let what self.http raises pass; a request is sent twice only where that does no harm (`idempotent`)."
_STATUS = (
    "Response.require(…) raises what a status means; keep receipts for what the system says of a result."
)
_JSON = "Read the answer with Response.json(), and require the fields that you need."


def _status(status: int, *headers: tuple[str, str]) -> Callable[[str], Fault]:
    return lambda _: proxy.answered(status, headers)


def _dated(_: str) -> Fault:
    at = datetime.now(UTC) + timedelta(seconds=_SECONDS)
    return proxy.answered(429, (("retry-after", format_datetime(at, usegmt=True)),))


def _slow_down(name: str, happens: str, fault: Callable[[str], Fault], seconds: int | None) -> Trouble:
    return Trouble(
        name=name,
        happens=happens,
        fault=fault,
        errors=(RateLimited,),
        advice="Raise RateLimited(until=Response.retry_at()), as Response.require(…) does, and send no more.",
        seconds=seconds,
        most=2,
    )


def _on_the_way(name: str, happens: str, fault: Fault, timeouts: Timeouts = PATIENT) -> Trouble:
    return Trouble(
        name=name,
        happens=happens,
        fault=lambda _: fault,
        errors=(CannotConnect,),
        advice=_CUT,
        times=1,
        timeouts=timeouts,
        allowed=True,
    )


def _refusing(
    status: int, name: str, happens: str, receipts: tuple[type[Receipt], ...] = (), advice: str = _STATUS
) -> Trouble:
    return Trouble(
        name=name,
        happens=happens,
        fault=_status(status),
        errors=(ServerError,),
        receipts=receipts,
        advice=advice,
        refuses=status < 500,  # noqa: PLR2004 - what is ours to repair
    )


def _odd(name: str, happens: str, fault: Fault) -> Trouble:
    return Trouble(
        name=name,
        happens=happens,
        fault=lambda _: fault,
        errors=(ServerError,),
        advice=_JSON,
        times=1,
        allowed=True,
    )


def _redirecting(status: int) -> Trouble:
    return Trouble(
        name=f"redirected_{status}",
        happens=f"the system redirects to another host ({status})",
        fault=lambda elsewhere: proxy.redirected(status, elsewhere),
        errors=(ServerError,),
        receipts=(),
        advice="Don't follow redirects: self.http doesn't, and Response.require(…) says what to do.",
    )


TROUBLES = (
    _on_the_way("cut_before", "the connection is reset before the system has the request", proxy.cut_before),
    _on_the_way("cut_after", "the system has the request and the answer is cut off", proxy.cut_after),
    _on_the_way("slow", "the system has the request and doesn't answer in time", proxy.silent, HASTY),
    _on_the_way("truncated", "the answer ends in the middle", proxy.truncated),
    Trouble(
        name="html",
        happens="a network on the way answers 200 with a page of HTML",
        fault=lambda _: proxy.instead(),
        errors=(ServerError,),
        advice=_JSON,
    ),
    _refusing(401, "unauthorized", "the system doesn't accept the credentials (401)"),
    _refusing(403, "forbidden", "the credentials aren't allowed to do this (403)"),
    _refusing(404, "not_found", "there is nothing at the address (404)", _WAITS),
    Trouble(
        name="conflict",
        happens="the system says that it conflicts with what is there (409)",
        fault=_status(409),
        errors=(ServerError,),
        receipts=(AlreadyThere, Rejected, TryLater),
        advice=_STATUS,
        settles=False,
    ),
    _slow_down(
        "rate_limited_seconds",
        "the system asks to come again in some seconds (429)",
        _status(429, ("retry-after", str(_SECONDS))),
        _SECONDS,
    ),
    _slow_down("rate_limited_date", "the system asks to come again at a time (429)", _dated, _SECONDS),
    _slow_down(
        "rate_limited", "the system asks to slow down and doesn't say how long (429)", _status(429), None
    ),
    _refusing(500, "server_error", "the system fails (500)", _LATER),
    Trouble(
        name="not_implemented",
        happens="the system says that it can't do this (501)",
        fault=_status(501),
        errors=(Unsupported,),
        receipts=(*_WAITS, Rejected),
        advice="Raise Unsupported(…, status=501), as Response.require(…) does: the core knows what may be "
        "missing, and what can only be an outage.",
        allowed=True,
        settles=False,
    ),
    Trouble(
        name="unavailable",
        happens="the system is down for a while (503)",
        fault=_status(503),
        errors=(ServerError, RateLimited),
        advice=_STATUS,
    ),
    _redirecting(302),
    _redirecting(307),
    _odd("content_type", "the answer is called text/plain", proxy.relabelled("text/plain")),
    _odd("doubled_keys", "the answer says its keys twice", proxy.doubled_keys),
    Trouble(
        name="huge",
        happens="the answer doesn't end",
        fault=lambda _: proxy.huge,
        errors=(ServerError, CannotConnect),
        advice="self.http reads no more than 16 MiB; read answers through it.",
        times=1,
    ),
)
