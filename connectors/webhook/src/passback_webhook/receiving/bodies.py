"""What a request carries: JSON or a form, read strictly, for whoever sends it may be anybody."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import NoReturn
from urllib.parse import parse_qsl

from passback import JSONValue
from passback_webhook.receiving.refusal import Refused

__all__ = ["once", "parsed"]

_FORM = "application/x-www-form-urlencoded"
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_MOST_FIELDS = 1000
# Sixty-four bits hold them.
_MOST_DIGITS = 18


def parsed(body: bytes, headers: Mapping[str, str]) -> JSONValue:
    """Return what `body` says, as its content type has it; None for an empty one.

    Raises:
        Refused: It's of another type or charset, or isn't what it says to be.
    """
    if not body.strip():
        return None
    kind = _kind(headers.get("content-type", ""))
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(415, "expected a body that isn't compressed")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(400, "expected a body in UTF-8") from None
    return _form(text) if kind == _FORM else _json(text)


def once(pairs: Iterable[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    """Return `pairs` as a table.

    Raises:
        Refused: A name is given twice, and nobody can tell which of them counts.
    """
    found: dict[str, JSONValue] = {}
    for name, value in pairs:
        if name in found:
            raise Refused(400, f"expected each name once, got {name[:40]!r} twice")
        found[name] = value
    return found


def _kind(given: str) -> str:
    told = Message()
    told["content-type"] = given if given.isascii() and given.isprintable() else ""
    kind = told.get_content_type()
    if not given or not (kind in ("application/json", _FORM) or kind.endswith("+json")):
        raise Refused(415, f"expected content-type application/json or {_FORM}")
    if str(told.get_param("charset", "utf-8")).lower() not in _CHARSETS:
        raise Refused(415, "expected charset utf-8")
    return kind


def _form(text: str) -> JSONValue:
    try:
        return once(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Refused(
            400, f"expected a form in UTF-8, percent-encoded, with at most {_MOST_FIELDS} fields"
        ) from None


def _json(text: str) -> JSONValue:
    try:
        found: JSONValue = json.loads(
            text,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_exact,
            object_pairs_hook=once,
        )
    except RecursionError:
        raise Refused(400, "expected JSON that is nested less deep") from None
    except ValueError as error:
        # The library's own message quotes nothing but the place.
        where = (
            f" at line {error.lineno}, column {error.colno}"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise Refused(400, f"expected JSON; it is none{where}") from None
    return found


def _no_constant(name: str) -> NoReturn:
    raise Refused(400, f"expected numbers as JSON has them; {name} is none")


def _exact(text: str) -> int:
    if len(text.lstrip("-")) > _MOST_DIGITS:
        raise Refused(400, f"expected whole numbers of at most {_MOST_DIGITS} digits")
    return int(text)


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise Refused(400, "expected numbers that a double can hold")
    return found
