"""What can go wrong between a request and its answer.

::

    Failure
    ├── NotReached    no connection came about
    ├── Late          nothing came in time
    ├── Cut           the connection ended before the answer did
    ├── NoHTTP        what came is no answer
    ├── TooLarge      the answer's body is
    └── Undecodable   the answer's body can't be decompressed
"""

from __future__ import annotations

import re

__all__ = ["Cut", "Failure", "Late", "NoHTTP", "NotReached", "TooLarge", "Undecodable", "words"]

# What Python puts around the words of others, for who reads its source.
_FOR_PROGRAMMERS = re.compile(r"^\[(?:SSL: \w+|Errno -?\d+)\] | \(_ssl\.c:\d+\)$")


def words(error: Exception) -> str:
    """Return what `error` says, without the names and numbers that only programmers know."""
    return _FOR_PROGRAMMERS.sub("", str(error))


class Failure(Exception):
    """There is no answer; the text says what the operating system, TLS or HTTP said."""


class NotReached(Failure):
    """No connection came about."""


class Late(Failure):
    """Nothing came in time."""


class Cut(Failure):
    """The connection ended before the answer did.

    Attributes:
        kept: Whether it had carried an answer before, so that it may have ended while nobody used it.
    """

    kept = False


class NoHTTP(Failure):
    """What came is no answer."""


class TooLarge(Failure):
    """The answer's body is larger than anybody reads."""


class Undecodable(Failure):
    """The answer's body can't be decompressed."""
