"""Secrets in texts that people read, hidden in each form in which a system may quote them."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from passback.model import JSONValue

__all__ = ["cleared", "forms_of", "without"]

# A text shorter than this is in every answer by chance, and hiding it would tell it.
_SHORTEST = 5
_HIDDEN = "•••"
# How many characters of base64 hold some of what stands before, by how many bytes stand there.
_BEFORE = (0, 2, 3)
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")
# What quotes an address that is quoted already encodes it once more.
_TIMES = 2


def forms_of(secrets: Iterable[str]) -> list[str]:
    """Return the forms in which `secrets` may be quoted, the longest first."""
    found = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    return sorted((form for form in found if len(form) >= _SHORTEST), key=len, reverse=True)


def without(text: str, forms: Iterable[str]) -> str:
    """Return `text`, in which none of `forms` is shown, nor with any of its characters percent-encoded."""
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
    """Yield where `forms` stand in `content`: which characters are encoded is each encoder's own choice."""
    at: Sequence[int] = range(len(content) + 1)
    for left in reversed(range(_TIMES + 1)):
        spaced = content.replace(b" ", b"+")
        for form in forms:
            start = spaced.find(form)
            while start >= 0:
                end = start + len(form)
                yield at[start], at[end]
                start = spaced.find(form, end)
        if not left or b"%" not in content:
            return
        content, at = _decoded(content, at)


def _decoded(content: bytes, at: Sequence[int]) -> tuple[bytes, Sequence[int]]:
    """Return `content` without its percent-encoding, and `at` which place each byte of it stands."""
    parts: list[bytes] = []
    places: list[int] = []
    last = 0
    for found in _ENCODED.finditer(content):
        start = found.start()
        parts += [content[last:start], bytes.fromhex(found[1].decode())]
        places += at[last : start + 1]
        last = found.end()
    return b"".join([*parts, content[last:]]), [*places, *at[last:]]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _forms(secret: str) -> Iterator[str]:
    yield secret
    for written in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        # As PHP does.
        yield from (written, written.replace("/", "\\/"))
    yield "".join(f"\\u{ord(char):04x}" for char in secret)
    yield "".join(f"\\u{ord(char):04X}" for char in secret)
    yield from (
        html.escape(secret),
        html.escape(secret, quote=False),
        html.escape(secret).replace("x27", "39"),
    )
    content = _bytes(secret)
    yield from (content.hex(), content.hex().upper())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Also within a longer text, as after "Bearer ".
        for before in range(3):
            whole = (before + len(content)) * 8 // 6
            yield encode(b"\0" * before + content).decode("ascii")[_BEFORE[before] : whole]
