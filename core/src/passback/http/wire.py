"""What a transport is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Protocol

import attrs
import httpx2

__all__ = ["Answer", "Question", "TooLarge", "Transport", "folded", "whole"]


@attrs.frozen(kw_only=True)
class Question:
    """One request.

    Attributes:
        method: ``GET``, ``POST``, …
        url: Absolute.
        headers: What to send beside ``Host`` and the body's length.
        content: The body; None where there is none.
        connect: How long to wait for a connection, in seconds.
        read: How long to wait for each piece of the answer, in seconds.
        total: How long to wait for a free socket, in seconds.
        most: The most bytes of an answer's body.
    """

    method: str
    url: httpx2.URL
    headers: Mapping[str, str]
    content: bytes | None
    connect: float
    read: float
    total: float
    most: int


@attrs.frozen(kw_only=True)
class Answer:
    """A whole answer.

    Attributes:
        status: Its status code.
        headers: Its headers, names in lower case.
        body: Its content, decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class TooLarge(Exception):
    """The answer's body has more bytes than were asked for."""


class Transport(Protocol):
    """Sends requests, to addresses that its policy permits."""

    async def ask(self, question: Question) -> Answer:
        """Return the whole answer.

        Raises:
            httpx2.TransportError: There is none; which one of them says why.
            httpx2.DecodingError: Its body can't be decompressed.
            TooLarge: Its body is.
        """

    async def aclose(self) -> None:
        """Close all sockets."""


async def whole(parts: AsyncIterator[bytes], most: int) -> bytes:
    """Return all `parts` as one.

    Raises:
        TooLarge: They have more than `most` bytes.
    """
    read, size = [], 0
    async for part in parts:
        size += len(part)
        if size > most:
            raise TooLarge
        read.append(part)
    return b"".join(read)


def folded(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return `headers` with their names in lower case, those with the same name as one (RFC 9110 §5.3)."""
    found: dict[str, str] = {}
    for given, value in headers:
        name = given.lower()
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
