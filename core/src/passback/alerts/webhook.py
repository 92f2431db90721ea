"""A signed webhook for programs: Standard Webhooks 1.0.0."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC
from urllib.parse import urlsplit

import attrs
import msgspec

from passback.alerts.channel import Parcel
from passback.clock import Clock
from passback.contract import Alerted
from passback.errors import CannotConnect, ConfigError, ConnectionFailure
from passback.http import HTTP

__all__ = ["Webhook", "key_of", "signature"]

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
_TAKEN = range(200, 300)


def key_of(secret: str) -> bytes:
    """Return the key that `secret` holds.

    Raises:
        ConfigError: It's none: ``whsec_`` and 24 to 64 bytes in base64 were expected.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ConfigError(
            f"expected {_PREFIX} and {_SHORTEST} to {_LONGEST} random bytes in base64, "
            "as from: echo whsec_$(openssl rand -base64 32)"
        )
    return key


def signature(key: bytes, message: str, timestamp: int, body: bytes) -> str:
    """Return the signature of the webhook called `message`, sent at `timestamp` (seconds since 1970)."""
    signed = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


class Webhook:
    """Posts what is told to the host's own programs."""

    name = "webhook"

    def __init__(self, url: str, key: bytes, http: HTTP, clock: Clock) -> None:
        self._url = url
        self._key = key
        self._http = http
        self._clock = clock

    def recipient(self, contact: str) -> str:  # noqa: ARG002 - one address for all
        """Return the host that is called: the rest of the address may be secret."""
        return urlsplit(self._url).hostname or "-"

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[str, None]:
        """Post `parcels`; see `Channel.send`."""
        for parcel in parcels:
            try:
                yield await self._post(parcel)
            except CannotConnect as error:
                yield self._reason(error)
                # Perhaps because of this one; the others are tried without it.
                return
            except ConnectionFailure as error:
                yield self._reason(error)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._http.aclose()

    async def _post(self, parcel: Parcel) -> str:
        message, body = f"msg_{parcel.key}", _body(parcel.alert)
        timestamp = int(self._clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": message,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._key, message, timestamp, body),
        }
        answer = await self._http.request(
            "POST", self._url, headers=headers, content=body, idempotent=True, status_only=True
        )
        if answer.status in _TAKEN:
            return ""
        return (
            f"{self.recipient('')} answered {answer.status}; check alerts.webhook.url, and what answers there"
        )

    def _reason(self, error: ConnectionFailure) -> str:
        # Before the colon stands the address, whose path may be secret.
        said = str(error).partition(": ")[2] or "it's no address that can be called, or answers no HTTP"
        return f"{self.recipient('')}: {said}; check alerts.webhook.url"


def _body(alert: Alerted) -> bytes:
    fields = attrs.asdict(alert, filter=lambda field, _: field.name not in ("kind", "at"))
    return msgspec.json.encode(
        {
            "type": f"connection.{alert.kind}",
            "timestamp": alert.at.astimezone(UTC),
            "data": fields | {"needs": alert.needs},
        }
    )
