"""Reading what was sent: no more than is wanted, and not for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.requests import Request

from passback.model import Incoming

__all__ = ["TooLarge", "TooSlow", "incoming", "read_body"]


class TooLarge(Exception):
    """The body is larger than it may be."""


class TooSlow(Exception):
    """The body took longer to arrive than it may."""


async def read_body(request: Request, most: int, patience: float) -> bytes:
    """Return the body of `request`.

    Args:
        request: The request.
        most: The most bytes that are taken.
        patience: How long it may take to arrive, in seconds.

    Raises:
        TooLarge: It's larger.
        TooSlow: It takes longer.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                # The rest is read all the same: who is cut off while sending doesn't see the answer.
                body += part if len(body) <= most else b""
    except TimeoutError:
        raise TooSlow from None
    if len(body) > most:
        raise TooLarge
    return bytes(body)


def incoming(request: Request, path: str, body: bytes) -> Incoming:
    """Return `request` as a connector gets it; `path` is below the connection's address."""
    return Incoming(
        method=request.method,
        path=path,
        query=tuple(request.query_params.multi_items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        received=datetime.now(UTC),
    )
