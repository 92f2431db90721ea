"""Secrets in texts that people read, hidden in each form in which a system may quote them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from passback.http.spelling import readings
from passback.model import JSONValue

__all__ = ["cleared", "forms_of", "without"]

# A text shorter than this is in every answer by chance, and hiding it would tell it.
_SHORTEST = 5
_HIDDEN = "•••"
# How many characters of base64 hold some of what stands before, by how many bytes stand there.
_BEFORE = (0, 2, 3)


def forms_of(secrets: Iterable[str]) -> list[str]:
    """Return the forms in which `secrets` may be quoted, the longest first."""
    found = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    return sorted((form for form in found if len(form) >= _SHORTEST), key=len, reverse=True)


def without(text: str, forms: Iterable[str]) -> str:
    """Return `text`, in which none of `forms` is shown, in whichever spelling of its characters."""
    content = _bytes(text)
    shown, last = [], 0
    for start, end in sorted(_places(content, [_bytes(form).replace(b" ", b"+") for form in forms])):
        if start >= last:
            shown += [content[last:start].decode("utf-8", "replace"), _HIDDEN]
        last = max(last, end)
    return "".join([*shown, content[last:].decode("utf-8", "replace")]) if shown else text


def cleared(document: JSONValue, forms: Sequence[str]) -> JSONValue:
    """Return `document`, of which no text shows any of `forms`."""
    whole = "\n".join(_texts(document))
    if without(whole, forms) == whole:
        return document
    holder: list[Any] = [document]
    waiting: list[tuple[Any, Any]] = [(holder, 0)]
    while waiting:
        place, at = waiting.pop()
        each = place[at]
        if isinstance(each, str):
            place[at] = without(each, forms)
        elif isinstance(each, list):
            place[at] = [*each]
            waiting += [(place[at], number) for number in range(len(each))]
        elif isinstance(each, dict):
            place[at] = {without(name, forms): value for name, value in each.items()}
            waiting += [(place[at], name) for name in place[at]]
    found: JSONValue = holder[0]
    return found


def _texts(document: JSONValue) -> Iterator[str]:
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            yield from each
            waiting += each.values()


def _places(content: bytes, forms: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where `forms` stand in `content`, in whichever spelling."""
    for reading in readings(content):
        spaced = reading.content.replace(b" ", b"+")
        for form in forms:
            start = spaced.find(form)
            while start >= 0:
                end = start + len(form)
                yield reading.place(start), reading.place(end)
                start = spaced.find(form, end)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _forms(secret: str) -> Iterator[str]:
    content = _bytes(secret)
    # It may read as if it were spelled itself, and then be read so.
    for reading in readings(content):
        with suppress(UnicodeDecodeError):
            yield reading.content.decode("utf-8", "surrogatepass")
    yield from (content.hex(), content.hex().upper())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Also within a longer text, as after "Bearer ".
        for before in range(3):
            whole = (before + len(content)) * 8 // 6
            yield encode(b"\0" * before + content).decode("ascii")[_BEFORE[before] : whole]
