"""Requests to one customer's API, proven as the options say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from passback import HTTP, ClientCredentials, Clock, OAuth2, Response, basic_auth
from passback_webhook.auth import Auth, BasicAuth, KeyAuth, OAuth2Auth, key_of
from passback_webhook.options import WebhookOptions
from passback_webhook.signing import signature_headers

__all__ = ["Caller", "proof_shown"]

_HIDDEN = "•••"


class _Asks(Protocol):
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        idempotent: bool | None = None,
    ) -> Response: ...


class Caller:
    """Sends requests with whatever proves them."""

    def __init__(self, http: HTTP, options: WebhookOptions, clock: Clock) -> None:
        self._clock = clock
        self._proof = _headers(options.auth)
        self._secrets = _secrets(options.auth)
        signing = options.signing
        self._keys = [key_of(each.get_secret_value()) for each in signing.secrets] if signing else []
        auth = options.auth
        self._oauth = OAuth2(http, _credentials(auth), clock) if isinstance(auth, OAuth2Auth) else None
        self._asks: _Asks = self._oauth or http

    async def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        message: str = "",
    ) -> Response:
        """Send one request and return its answer.

        Args:
            method: ``GET``, ``POST``, …
            url: Where to.
            headers: Headers to send beside those that prove it.
            content: The body.
            message: What the receiver can tell a repetition by; empty for what only reads.

        Raises:
            CannotConnect: It wasn't reached.
            ServerError: The address can't be used, or the token endpoint refuses the client.
            RateLimited: It asks to slow down, or the connection's own quota is used up.
        """
        proven = {**(headers or {}), **self._proof}
        if self._keys:
            # A look-up is signed too: a gateway may ask it of every request.
            identity = message or f"read-{int(self._clock.now().timestamp() * 1000)}"
            proven |= signature_headers(self._keys, identity, self._clock.now(), content)
        # A signed message has an id that is good for telling repetitions; an unsigned one may have none.
        again = not message or bool(self._keys)
        answer = await self._asks.request(
            method, url, headers=proven, content=content or None, idempotent=again
        )
        return answer.hiding(self._secrets)

    async def renew(self) -> None:
        """Prove the client anew, where there is a token endpoint.

        Raises:
            CannotConnect: The token endpoint wasn't reached.
            ServerError: It refuses the client, or answers nonsense.
            RateLimited: It asks to slow down.
        """
        if self._oauth is not None:
            await self._oauth.renew()


def proof_shown(options: WebhookOptions, message: str, at: str) -> dict[str, str]:
    """Return the headers that prove a request, for people: without any secret."""
    auth = options.auth
    shown: dict[str, str] = {}
    if isinstance(auth, KeyAuth):
        shown[auth.header] = f"{auth.prefix}{_HIDDEN}"
    elif isinstance(auth, BasicAuth):
        shown["Authorization"] = f"Basic {_HIDDEN}"
    elif isinstance(auth, OAuth2Auth):
        shown["Authorization"] = f"Bearer {_HIDDEN}"
    if options.signing is not None:
        signatures = " ".join(f"v1,{_HIDDEN}" for _ in options.signing.secrets)
        shown |= {"webhook-id": message, "webhook-timestamp": at, "webhook-signature": signatures}
    return shown


def _headers(auth: Auth) -> dict[str, str]:
    if isinstance(auth, KeyAuth):
        return {auth.header: f"{auth.prefix}{auth.key.get_secret_value()}"}
    if isinstance(auth, BasicAuth):
        return {"Authorization": basic_auth(auth.username, auth.password.get_secret_value())}
    return {}


def _secrets(auth: Auth) -> tuple[str, ...]:
    # The header of a key may be called anything, and so the session can't tell that it's secret.
    return (auth.key.get_secret_value(),) if isinstance(auth, KeyAuth) else ()


def _credentials(auth: OAuth2Auth) -> ClientCredentials:
    return ClientCredentials(
        token_url=auth.token_url,
        client_id=auth.client_id,
        client_secret=auth.client_secret.get_secret_value(),
        scope=auth.scope,
        audience=auth.audience,
        send=auth.send,
        extra=auth.extra,
        names=auth.names,
    )
