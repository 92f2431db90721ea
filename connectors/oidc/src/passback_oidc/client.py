"""Our client at the token endpoint: a code becomes tokens, once (RFC 6749 §4.1.3)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import quote_plus, urlencode

import attrs

from passback import HTTP, Clock, JSONValue, Response, ServerError, SignInRefused, basic_auth, json_object
from passback_oidc.documents import document
from passback_oidc.metadata import Metadata
from passback_oidc.options import OidcOptions
from passback_oidc.signing import client_assertion, signing_key

__all__ = ["Client", "Tokens", "error_code"]

_OK = 200
_REFUSALS = (400, 401, 403)
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,59}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CLIENT_ERRORS = frozenset({"invalid_client", "unauthorized_client"})
_MEANING: Mapping[str, str] = {
    "invalid_client": "it doesn't accept our client; check client_id, client_auth and secret or key",
    "unauthorized_client": "our client isn't allowed to sign people in; check how it is registered",
    "unsupported_grant_type": "it doesn't offer the authorization code flow; check the issuer",
    "invalid_scope": "it doesn't grant what is asked for; check scopes",
    "redirect_uri_mismatch": "our redirect URI isn't registered there in exactly these characters",
}


@attrs.frozen(kw_only=True)
class Tokens:
    """What a code became.

    Attributes:
        id_token: Says who signed in; not checked yet. Isn't shown.
        access_token: Opens the userinfo endpoint; empty where none came. Isn't shown.
    """

    id_token: str = attrs.field(repr=False)
    access_token: str = attrs.field(default="", repr=False)


class Client:
    """Asks the token endpoint, and proves who asks."""

    def __init__(self, http: HTTP, options: OidcOptions, clock: Clock) -> None:
        self._http = http
        self._options = options
        self._clock = clock
        secret = options.client_secret
        self._secret = secret.get_secret_value() if secret is not None else ""
        key = options.private_key
        self._key = signing_key(key.get_secret_value()) if key is not None else None

    async def exchange(self, metadata: Metadata, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """Return the tokens for a code. It's asked for once: a failed exchange uses the code up.

        Raises:
            SignInRefused: The code isn't good, or was used before.
            ConnectionFailure: The provider isn't reached, or doesn't accept our client.
        """
        answer = await self._ask(metadata, code, verifier, redirect_uri)
        if answer.status in _REFUSALS:
            named = error_code(answer)
            if named == "invalid_grant":
                raise SignInRefused(
                    "the provider refused the code (invalid_grant): it was used before, came too late, or is "
                    "of another sign-in"
                )
            raise _refused(answer, named)
        said = document(answer)
        id_token, access_token = said.get("id_token"), said.get("access_token", "")
        if not isinstance(id_token, str):
            raise ServerError(
                f"{answer.asked} answered without an ID token; is openid among the scopes of our client?",
                status=answer.status,
            )
        if not isinstance(access_token, str) or not _TOKEN.fullmatch(access_token):
            access_token = ""
        return Tokens(id_token=id_token, access_token=access_token)

    async def prove(self, metadata: Metadata) -> None:
        """Prove our client by a code that nobody gave: a provider looks at the client first (§5.2).

        Raises:
            ConnectionFailure: It isn't reached, or doesn't accept our client.
        """
        made_up = secrets.token_urlsafe(32)
        answer = await self._ask(metadata, made_up, made_up, "https://passback.invalid/")
        named = error_code(answer)
        if answer.status in _REFUSALS and named and named not in _CLIENT_ERRORS:
            return
        if answer.status == _OK:
            raise ServerError(
                f"{answer.asked} answered 200 to a code that nobody gave out; is it the token endpoint?",
                status=answer.status,
            )
        answer.require(*_REFUSALS)
        raise _refused(answer, named)

    async def _ask(self, metadata: Metadata, code: str, verifier: str, redirect_uri: str) -> Response:
        proof, headers = self._proof(metadata.issuer)
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            **proof,
        }
        answer = await self._http.request(
            "POST",
            metadata.token_endpoint,
            headers={"content-type": "application/x-www-form-urlencoded", **headers},
            content=urlencode(fields).encode(),
            idempotent=False,
        )
        # A provider may quote what it was sent.
        return answer.hiding((self._secret, quote_plus(self._secret), code, verifier, *proof.values()))

    def _proof(self, issuer: str) -> tuple[dict[str, str], dict[str, str]]:
        client, how = self._options.client_id, self._options.client_auth
        if how == "client_secret_basic":
            return {}, {"authorization": basic_auth(quote_plus(client), quote_plus(self._secret))}
        if how == "client_secret_post":
            return {"client_id": client, "client_secret": self._secret}, {}
        if self._key is None:
            return {"client_id": client}, {}
        assertion = client_assertion(
            self._key, client, issuer, self._clock.now(), self._options.private_key_id
        )
        return {
            "client_id": client,
            "client_assertion_type": _JWT_BEARER,
            "client_assertion": assertion,
        }, {}


def error_code(answer: Response) -> str:
    """Return the code of an error answer (RFC 6749 §5.2); empty where it has none."""
    try:
        return _code_of(json_object(answer.body).get("error"))
    except ValueError:
        return ""


def _code_of(said: JSONValue) -> str:
    return said if isinstance(said, str) and _CODE.fullmatch(said) else ""


def _refused(answer: Response, named: str) -> ServerError:
    # Nothing but the code is quoted: the rest may repeat what was sent.
    meaning = _MEANING.get(named, "it gives no tokens; check how our client is registered")
    told = f" {named}" if named else ""
    return ServerError(f"{answer.asked} answered {answer.status}{told}: {meaning}", status=answer.status)
