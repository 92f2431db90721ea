"""What StackOne's answers say, to people and for the connection.

Source: wire facts §4.4. Errors are objects with ``statusCode`` and ``message``; ``provider_errors`` quotes
the LMS behind it, with addresses, headers and bodies that may hold secrets, so that little of it is shown;
``data`` has its status, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from urllib.parse import urlsplit

import attrs

from passback import ConnectionFailure, JSONValue, RateLimited, Response, ServerError

__all__ = ["as_told", "document", "failure", "is_missing", "is_own", "provider_statuses", "said", "text"]

_GOOD, _ERRORS = range(200, 300), range(400, 600)
_NOT_FOUND = 404
_ROUTERS = re.compile(r"Cannot [A-Z]+ /")
_MOST_ERRORS = 3
_LONGEST = 200
_LONGEST_ID = 512
_OWN = ("statusCode", "message", "provider_errors")
_WORDS = ("message", "error_description", "error", "errorMessage", "detail", "title", "description")
_QUERY = re.compile(r"(https?://)(?:[^/\s@]*@)?([^\s?#\"'<>]*)(?:[?#][^\s\"'<>]*)?", re.IGNORECASE)
_SCHEME = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)
_PAIR = re.compile(
    r"(?<![\w-])(?=[\w-]*?(?:token|key|secret|password|signature|authorization|cookie))([\w-]++)"
    r"[\"']?\s*+[=:]\s*+[\"']?[^\s\"',;&}]++",
    re.IGNORECASE,
)


def text(value: object, longest: int = _LONGEST_ID) -> str | None:
    """Return `value` if it's a text that can be kept: something printable, not too long; else None."""
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        return None
    return value.strip() or None


def document(answer: Response) -> Mapping[str, JSONValue]:
    """Return the object that `answer` is.

    Raises:
        ServerError: It's none: a proxy's page, a cut answer, something else than StackOne.
    """
    found = answer.json()
    if not isinstance(found, dict):
        raise ServerError(
            f"{answer.asked} answered {answer.status} with something that is no object; "
            "is this StackOne's API?",
            status=answer.status,
        )
    return found


def as_told(answer: Response) -> Response:
    """Return `answer`, under the status in its body where that says that a good one is an error.

    The ``statusCode`` of an error is its own; what a gateway on the way makes of it may be 200.
    """
    if answer.status in _GOOD and is_own(answer):
        told = document(answer).get("statusCode")
        if isinstance(told, int) and told in _ERRORS:
            return attrs.evolve(answer, status=told)
    return answer


def is_own(answer: Response) -> bool:
    """Return whether an error is StackOne's own, and not of something on the way to it."""
    # A gateway on the way has a message, too.
    return isinstance(_object(answer).get("statusCode"), int)


def is_missing(answer: Response) -> bool:
    """Return whether StackOne itself says that what was asked for isn't there.

    Its errors have a time; those of a router that doesn't know the path have none, or name the path.
    """
    if answer.status != _NOT_FOUND or not is_own(answer):
        return False
    found = _object(answer)
    return bool(found.get("timestamp")) and not _ROUTERS.match(str(found.get("message")))


def provider_statuses(answer: Response) -> set[int]:
    """Return the statuses with which the LMS behind StackOne answered, as far as it says."""
    data = _object(answer).get("data")
    named = [error.get("status") for error in _errors(answer)]
    named += [data.get("statusCode")] if isinstance(data, dict) else []
    return {status for each in named if (status := _status(each)) is not None}


def said(answer: Response, hidden: Iterable[str] = ()) -> str:
    """Return what `answer` says, for people: bounded, without a secret.

    Args:
        answer: The answer.
        hidden: Texts of the request that mustn't be shown, should it quote them.
    """
    return _shown(answer, hidden).excerpt() or "without a word why"


def failure(answer: Response, hidden: Iterable[str] = ()) -> ConnectionFailure:
    """Return what `answer` means for the connection, to be raised.

    That is `RateLimited` for 429, and for 408 and 503 with ``Retry-After``; `Unsupported` for 501 that is no
    page; `ServerError` for anything else, such as a disabled account (412).

    Args:
        answer: The answer, whose status isn't what was hoped for.
        hidden: Texts of the request that mustn't be shown, should it quote them.
    """
    told = f"{answer.asked} answered {answer.status}"
    until = answer.retry_at()
    if answer.status == 408:  # noqa: PLR2004 - the status is the name
        slow = f"{told}: the learning system behind StackOne took too long"
        return RateLimited(slow, until=until) if until else ServerError(slow, status=408)
    if answer.status == 412:  # noqa: PLR2004
        return ServerError(
            f"{told}: the account is disabled in StackOne; enable it in its dashboard — it said: "
            f"{said(answer, hidden)}",
            status=412,
        )
    if answer.status == 501 and not _object(answer):  # noqa: PLR2004
        return ServerError(f"{told}, but not in StackOne's words; is this its address?", status=501)
    try:
        _shown(answer, hidden).require()
    except ConnectionFailure as meant:
        return meant
    raise AssertionError  # no status is required, so every one is refused


def _object(answer: Response) -> Mapping[str, JSONValue]:
    with suppress(ServerError):
        return document(answer)
    return {}


def _shown(answer: Response, hidden: Iterable[str]) -> Response:
    masked, found = answer.hiding(hidden), _object(answer)
    if not any(name in found for name in _OWN):
        return masked
    parts = [_bare(found.get("message")), *map(_told, _errors(answer))]
    return attrs.evolve(masked, body="; ".join(part for part in parts if part).encode())


def _errors(answer: Response) -> Iterator[Mapping[str, JSONValue]]:
    listed = _object(answer).get("provider_errors")
    if isinstance(listed, list):
        yield from [each for each in listed if isinstance(each, dict)][:_MOST_ERRORS]


def _status(value: JSONValue) -> int | None:
    # The LMS's own error is passed on as it came.
    told = str(value)
    return int(told) if told.isdecimal() and len(told) == 3 else None  # noqa: PLR2004


def _told(error: Mapping[str, JSONValue]) -> str:
    status = _status(error.get("status"))
    words = _bare(_reason(error.get("raw")))
    told = f"the learning system ({_host(error.get('url'))}) answered"
    told = told if status is None else f"{told} {status}"
    return f"{told}: {words}" if words else told


def _reason(raw: JSONValue, depth: int = 0) -> JSONValue:
    if not isinstance(raw, dict) or depth > 1:
        return raw
    found = (_reason(raw[name], depth + 1) for name in _WORDS if raw.get(name))
    return next((each for each in found if isinstance(each, str)), None)


def _host(url: JSONValue) -> str:
    with suppress(ValueError):
        return (text(urlsplit(url).hostname) if isinstance(url, str) else None) or "unnamed"
    return "unnamed"


def _bare(value: JSONValue) -> str:
    if not isinstance(value, str):
        return ""
    line = _QUERY.sub(r"\1\2", value[: 10 * _LONGEST])
    line = _PAIR.sub(r"\1=•••", _SCHEME.sub(r"\1 •••", line))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
