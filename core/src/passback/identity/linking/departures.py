"""Browsers that are away at an identity provider: each comes back once, and none for another."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import TypeVar

import attrs
import msgspec
from sqlalchemy import Connection, delete, insert

from passback.identity.sealing import Seal
from passback.store import insert_once, milliseconds, schema

__all__ = ["Departures", "once", "token"]

T = TypeVar("T")

_s = schema.sign_in.c
_n = schema.seen.c
_LIFETIME = timedelta(minutes=10)


def token() -> str:
    """Return what nobody can guess."""
    return secrets.token_urlsafe(32)


@attrs.frozen
class Departures:
    """Reads and writes what is kept for browsers, within a transaction of the store."""

    _seal: Seal

    def record(
        self,
        db: Connection,
        connection: str,
        reference: str,
        browser: str,
        content: object,
        now: datetime,
    ) -> None:
        """Keep `content`, a record, until `browser` comes back with `reference`, for ten minutes."""
        row = {
            "reference": _fingerprint(type(content).__name__, reference),
            "connection": connection,
            "browser": _fingerprint(browser),
            "body": self._seal.close(msgspec.json.encode(content)),
            "expires": milliseconds(now + _LIFETIME),
        }
        db.execute(insert(schema.sign_in), row)

    def take(
        self, db: Connection, connection: str, reference: str, browser: str, kind: type[T], now: datetime
    ) -> T | None:
        """Return what was kept for `browser`, for the last time; None where there is nothing.

        Another browser than the one that was sent away gets nothing, and takes nothing from that one.
        """
        mine = (
            _s.reference == _fingerprint(kind.__name__, reference),
            _s.connection == connection,
            _s.browser == _fingerprint(browser),
            _s.expires > milliseconds(now),
        )
        body = db.scalar(delete(schema.sign_in).where(*mine).returning(_s.body))
        content = None if body is None else self._seal.open(body)
        return None if content is None else msgspec.json.decode(content, type=kind)

    @staticmethod
    def purge(db: Connection, now: datetime) -> None:
        """Remove what nobody came back for, and what is too old to be presented again."""
        db.execute(delete(schema.sign_in).where(_s.expires <= milliseconds(now)))
        db.execute(delete(schema.seen).where(_n.until <= milliseconds(now)))


def once(db: Connection, connection: str, what: str, until: datetime) -> bool:
    """Take note that `what` was presented at `connection`; return whether that's for the first time."""
    row = {"key": _fingerprint(connection, what), "until": milliseconds(until)}
    return insert_once(db, schema.seen, row)


def _fingerprint(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
