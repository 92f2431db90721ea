"""The head of an answer as most are: one length, and nothing that changes how its body is read."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

__all__ = ["Head", "RawHeaders", "plain"]

RawHeaders = Sequence[tuple[bytes, bytes]]

_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
_LENGTH = re.compile(rb"[0-9]{1,15}")
# What decides where a body ends, what it's packed in, and whether another answer follows (RFC 9112 §6, §9).
_DECIDING = frozenset({b"transfer-encoding", b"content-encoding", b"upgrade"})
# These have no body, whatever length they say.
_BODILESS = frozenset({b"204", b"304"})


@attrs.frozen
class Head:
    """The head of an answer.

    Attributes:
        status: Its status code.
        headers: Its headers, names in lower case.
        begin: Where its body begins in what was read.
        end: Where its body ends.
    """

    status: int
    headers: RawHeaders = attrs.field(repr=False)
    begin: int
    end: int


def plain(data: bytes) -> Head | None:
    """Return the head that `data` begins with; None where it isn't whole, or anything is special about it.

    What is special is h11's business, and so is what breaks the rules. Most answers need nothing of what h11
    can do, which costs as much as the rest of a request.
    """
    found = _HEAD.match(data)
    if found is None or found[1] in _BODILESS:
        return None
    headers: list[tuple[bytes, bytes]] = []
    length: bytes | None = None
    for line in found[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        own, value = name.lower(), value.strip(b" \t")
        if own == b"content-length":
            if length is not None or not _LENGTH.fullmatch(value):
                return None
            length = value
        elif own in _DECIDING or (own == b"connection" and value.lower() != b"keep-alive"):
            return None
        headers.append((own, value))
    if length is None:
        return None
    begin = found.end()
    return Head(int(found[1]), headers, begin, begin + int(length))
