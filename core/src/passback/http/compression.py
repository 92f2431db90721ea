"""Answers that come compressed, though nobody asks for that, unpacked in small steps.

A few bytes can cost minutes: what is compressed several times may unpack to gigabytes in between, of which
nothing comes out in the end, so that no limit on what comes out ever counts. So one coding is unpacked and no
more. What that costs grows with what came, and others have their turn after each step.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator

from passback.http.wire import Undecodable

__all__ = ["codings_of", "unpacked"]

_SPOKEN = frozenset({"gzip", "x-gzip", "deflate"})
_UNSPOKEN = frozenset({"br", "compress", "x-compress", "dcb", "dcz", "zstd"})
_GZIP = b"\x1f"
# A step takes at most a millisecond or two: this much compressed, of which this much comes out.
_PIECE = 1 << 14
_STEP = 1 << 20


def codings_of(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Return what an answer with `headers` is compressed by, in that order.

    Some servers name a charset or nothing of the sort there; that is no coding.
    """
    values = [value for name, value in headers if name.lower() == b"content-encoding"]
    named = [each.strip().lower() for value in values for each in value.decode("latin-1").split(",")]
    return [each for each in named if each in _SPOKEN | _UNSPOKEN]


async def unpacked(codings: list[str], parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what is in `parts`, which `codings` compressed; nothing where there are none.

    Raises:
        Undecodable: They can't be decompressed, or aren't.
    """
    inflating = None
    async for part in parts:
        if inflating is None:
            inflating = zlib.decompressobj(_window(codings, part))
        try:
            for step in _steps(inflating, part):
                yield step
                await asyncio.sleep(0)
        except zlib.error:
            raise Undecodable(f"it isn't what {codings[0]} makes") from None
    if inflating is not None and not inflating.eof:
        raise Undecodable("its end is missing")


def _window(codings: list[str], part: bytes) -> int:
    if len(codings) > 1:
        raise Undecodable("it's compressed more than once")
    if codings[0] not in _SPOKEN:
        raise Undecodable(f"it's compressed by {codings[0]}, which nobody asked for")
    if codings[0] != "deflate":
        return zlib.MAX_WBITS | 16
    # Half of the servers leave out the head that belongs to it. Each head begins so, and nothing else does.
    return zlib.MAX_WBITS if part[0] & 0x0F == 8 else -zlib.MAX_WBITS  # noqa: PLR2004 - RFC 1950's number


def _steps(inflating: zlib._Decompress, part: bytes) -> Iterator[bytes]:
    for start in range(0, len(part), _PIECE):
        piece, out = part[start : start + _PIECE], b""
        # Where all of it went in, something may still be to come out.
        while (piece or len(out) == _STEP) and not inflating.eof:
            out = inflating.decompress(piece, _STEP)
            yield out
            piece = inflating.unconsumed_tail
        # Some fill up what they send; but without another file of gzip, this would be half of an answer.
        if inflating.eof and (inflating.unused_data or piece).startswith(_GZIP):
            raise Undecodable("it goes on after its end")
