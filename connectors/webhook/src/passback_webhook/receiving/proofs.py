"""Whether a request comes from whom it should."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from passback import Clock, Incoming
from passback_webhook.auth import key_of
from passback_webhook.receiving.options import ReceiveOptions
from passback_webhook.receiving.refusal import Refused
from passback_webhook.receiving.signatures import SIGNATURE, signed_id
from passback_webhook.receiving.tokens import Tokens

__all__ = ["Proofs", "matching", "secrets_of"]

_PROVEN_BY = frozenset({"authorization", "cookie", "proxy-authorization", SIGNATURE})


class Proofs:
    """What the sender of one connection proves itself with: one of the configured ways is enough."""

    def __init__(self, options: ReceiveOptions, tokens: Tokens, clock: Clock) -> None:
        self._clock = clock
        self._tokens = tokens if options.secrets and "token" in options.ways else None
        self._secrets = secrets_of(options) if "secret" in options.ways else []
        self._header = (options.header or "").lower()
        signing = options.signing
        self._keys = [key_of(each.get_secret_value()) for each in signing.secrets] if signing else []
        self._only_signed = options.secrets is None

    def require(self, incoming: Incoming) -> str | None:
        """Return the id under which the request is signed; None for one that is proven otherwise.

        Raises:
            Refused: Nothing proves it.
        """
        if self._keys and (self._only_signed or SIGNATURE in incoming.headers):
            return signed_id(self._keys, incoming.headers, incoming.body, incoming.received)
        if self._bears_token(incoming) or self._bears_secret(incoming):
            return None
        raise Refused(
            401,
            "the credentials are missing, wrong or expired",
            {"www-authenticate": 'Bearer error="invalid_token"'},
        )

    def without(self, incoming: Incoming) -> dict[str, str]:
        """Return the headers of a request but for those that prove it."""
        hidden = _PROVEN_BY | {self._header}
        return {name: text for name, text in incoming.headers.items() if name not in hidden}

    def _bears_token(self, incoming: Incoming) -> bool:
        given = _bearer(incoming)
        return self._tokens is not None and self._tokens.accepts(given, self._clock.now())

    def _bears_secret(self, incoming: Incoming) -> bool:
        given = [_bearer(incoming)]
        if self._header:
            given.append(incoming.headers.get(self._header, ""))
        return any(matching(each, self._secrets) is not None for each in given)


def secrets_of(options: ReceiveOptions) -> list[str]:
    """Return the sender's secrets; none where it only signs."""
    return [each.get_secret_value() for each in options.secrets or ()]


def matching(given: str, secrets: Sequence[str]) -> str | None:
    """Return the one of `secrets` that `given` is; takes the same time whether it's one or none."""
    found = None
    for secret in secrets:
        if hmac.compare_digest(_digest(given), _digest(secret)):
            found = secret
    return found


def _bearer(incoming: Incoming) -> str:
    scheme, _, text = incoming.headers.get("authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _digest(text: str) -> bytes:
    # Texts of one length, for the length of a secret is nobody's business.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
