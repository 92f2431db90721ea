"""How requests prove themselves, in the words of administrators."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from passback import Options
from passback_webhook.addresses import Address

__all__ = [
    "Auth",
    "BasicAuth",
    "HeaderName",
    "KeyAuth",
    "NoAuth",
    "OAuth2Auth",
    "Signing",
    "a_few",
    "fixed_address",
    "key_of",
]

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
# They frame the request, or are written from what it carries.
_OURS = frozenset({"connection", "content-length", "content-type", "host", "transfer-encoding", "upgrade"})
_SHORTEST, _LONGEST = 24, 64
_PREFIX = "whsec_"
_MOST_SECRETS = 4


def _header_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("expected the name of a header, such as X-Api-Key")
    if name.lower() in _OURS:
        raise ValueError(f"{name} is written by the connector itself")
    return name


def fixed_address(text: str) -> str:
    """Return `text` if it's an address with nothing to fill in.

    Raises:
        ValueError: It isn't.
    """
    if "{" in text:
        raise ValueError("expected an address without expressions")
    Address(text)
    return text


def key_of(secret: str) -> bytes:
    """Return the key of a Standard Webhooks secret.

    Raises:
        ValueError: It is none: ``whsec_`` and 24 to 64 bytes in base64.
    """
    text = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"expected {_PREFIX} and {_SHORTEST} to {_LONGEST} random bytes in base64")
    return key


def _signing_secret(secret: SecretStr) -> SecretStr:
    key_of(secret.get_secret_value())
    return secret


def a_few(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Return `secrets` if there are as many as a replacement needs.

    Raises:
        ValueError: There is none, or there are too many.
    """
    if not 1 <= len(secrets) <= _MOST_SECRETS:
        raise ValueError(f"expected 1 to {_MOST_SECRETS} secrets, got {len(secrets)}")
    return secrets


HeaderName: TypeAlias = Annotated[str, AfterValidator(_header_name)]


class NoAuth(Options):
    """Nothing proves a request but its address, or its signature."""

    kind: Literal["none"] = Field(description="No credentials.")


class BasicAuth(Options):
    """HTTP Basic (RFC 7617)."""

    kind: Literal["basic"] = Field(description="HTTP Basic.")
    username: str = Field(description="The user name.")
    password: SecretStr = Field(description="The password.")

    def model_post_init(self, _: object, /) -> None:
        """Refuse a user name that Basic would cut."""
        if ":" in self.username:
            raise ValueError("username: expected no colon: HTTP Basic ends the user name there")


class KeyAuth(Options):
    """A secret key in a header."""

    kind: Literal["key"] = Field(description="A key in a header.")
    header: HeaderName = Field(default="Authorization", description="The header that carries the key.")
    prefix: str = Field(default="", description="What stands before the key, as `Bearer ` with its space.")
    key: SecretStr = Field(description="The key.")


class OAuth2Auth(Options):
    """OAuth2 client credentials (RFC 6749 §4.4) at the customer's own token endpoint."""

    kind: Literal["oauth2"] = Field(description="A token for client id and secret.")
    token_url: Annotated[str, AfterValidator(fixed_address)] = Field(description="The token endpoint.")
    client_id: str = Field(description="The client's id.")
    client_secret: SecretStr = Field(description="The client's secret.")
    send: Literal["basic", "form", "json"] = Field(
        default="basic",
        description="Where client id and secret stand: a Basic header, or the body as a form or as JSON.",
    )
    scope: str = Field(default="", description="What for, separated by spaces.")
    audience: str = Field(default="", description="For which API.")
    extra: dict[str, str] = Field(default_factory=dict, description="Further parameters of the request.")
    names: dict[str, str] = Field(
        default_factory=dict,
        description='What the endpoint calls a parameter, as `{ client_id = "clientId" }`.',
    )


Auth: TypeAlias = Annotated[NoAuth | BasicAuth | KeyAuth | OAuth2Auth, Field(discriminator="kind")]


class Signing(Options):
    """Signatures after Standard Webhooks 1.0.0, beside whatever else proves a request."""

    secrets: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_signing_secret)], ...], AfterValidator(a_few)
    ] = Field(
        description="The signing secrets (`whsec_…`); while one is replaced, the old and the new.",
    )
