"""Spellings of characters: in addresses, JSON and HTML, each encoder chooses itself which it writes so."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html.entities import html5

import attrs

__all__ = ["Reading", "readings"]

# What quotes a text that is quoted already spells it once more.
_TIMES = 3
_SIGNS = (b"%", b"\\", b"&")
# Each alternative is bounded, so that no text takes more than its length's time.
_SPELLED = re.compile(
    rb"%[0-9A-Fa-f]{2}"
    rb"|\\u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}"
    rb"|\\u[0-9A-Fa-f]{4}"
    rb"|\\."
    rb"|&#[0-9]{1,10};"
    rb"|&#[Xx][0-9A-Fa-f]{1,8};"
    rb"|&[A-Za-z][0-9A-Za-z]{1,31};",
    re.DOTALL,
)
# Before any other, a backslash says that it's meant as it is.
_SHORT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_LAST = 0x10FFFF


@attrs.frozen
class Reading:
    """What a text says where spellings in it are read once, twice or not at all.

    Attributes:
        content: It.
        ends: Where in it each spelling's character ends, and the text before the first.
        sources: Where that is in what it was read from.
        of: What it was read from; None where it's the text itself.
    """

    content: bytes
    ends: Sequence[int] = ()
    sources: Sequence[int] = ()
    of: Reading | None = None

    def place(self, at: int) -> int:
        """Return where in the text itself stands what is at `at` here."""
        reading = self
        while reading.of is not None:
            known = bisect_right(reading.ends, at) - 1
            at += reading.sources[known] - reading.ends[known]
            reading = reading.of
        return at


def readings(text: bytes) -> Iterator[Reading]:
    """Yield `text` as it stands, and each time that spellings are read once more."""
    reading = Reading(text)
    yield reading
    for _ in range(_TIMES):
        if not any(sign in reading.content for sign in _SIGNS):
            return
        reading = _read(reading)
        if len(reading.ends) == 1:
            return
        yield reading


def _read(before: Reading) -> Reading:
    content = before.content
    parts: list[bytes] = []
    ends, sources = [0], [0]
    last = length = 0
    for found in _SPELLED.finditer(content):
        start, end = found.span()
        meant = _meant(found[0])
        parts += (content[last:start], meant)
        length += start - last + len(meant)
        ends.append(length)
        sources.append(end)
        last = end
    return Reading(b"".join((*parts, content[last:])), ends, sources, before)


@lru_cache(maxsize=1024)
def _meant(spelled: bytes) -> bytes:
    sign, rest = spelled[:1], spelled[1:]
    if sign == b"%":
        return bytes.fromhex(rest.decode())
    if sign == b"\\":
        if rest.startswith(b"u"):
            units = bytes.fromhex(rest.replace(b"\\u", b"")[1:].decode())
            return units.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")
        return _SHORT.get(rest, rest)
    name = rest.decode()
    if not name.startswith("#"):
        return html5[name].encode() if name in html5 else spelled
    number = int(name[2:-1], 16) if name[1] in "xX" else int(name[1:-1])
    return chr(number).encode("utf-8", "surrogatepass") if number <= _LAST else spelled
