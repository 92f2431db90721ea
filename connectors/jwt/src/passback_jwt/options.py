"""What a connection by signed tokens needs, in the words of its administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from passback import Options, WebAddress
from passback_jwt.algorithms import SYMMETRIC, Algorithm
from passback_jwt.keys import pem_key, published_keys
from passback_jwt.templates import fields_of

__all__ = ["JwtOptions"]

# RFC 7518 §3.2 has the first.
_FEWEST, _FEWEST_ALLOWED = 32, 16
# What a token of ours always says itself.
_OURS = frozenset({"iss", "aud", "iat", "exp", "nbf", "jti"})

_Page: TypeAlias = Annotated[
    str, AfterValidator(WebAddress(kind="page", example="https://login.example.com/start"))
]


def _public(text: str | None) -> str | None:
    if text is not None:
        pem_key(text, private=False)
    return text


def _claims(templates: dict[str, str]) -> dict[str, str]:
    for name, template in templates.items():
        if name in _OURS:
            raise ValueError(f"{name}: every token of ours says that itself; leave it out")
        fields_of(template)
    return templates


class JwtOptions(Options):
    """Options of a connection to somebody who makes tokens that we trust, or trusts those that we make."""

    issuer: str | None = Field(
        default=None,
        min_length=1,
        description="Who makes the tokens that sign people in here, as their `iss` says it; none where "
        "nobody does. Everybody's link hangs on it.",
    )
    algorithms: tuple[Algorithm, ...] = Field(
        default=(),
        description="What those tokens are signed by: `HS256` with `secret`; `RS256`, `PS256`, `ES256` and "
        "`EdDSA` with the others.",
    )
    secret: SecretStr | None = Field(
        default=None, description="The secret that is shared with the issuer, of at least 32 bytes."
    )
    public_key: Annotated[str | None, AfterValidator(_public)] = Field(
        default=None, description="Or the issuer's public key, as PEM."
    )
    jwks: dict[str, Any] | None = Field(
        default=None, description="Or its keys as a JWKS, an object with `keys`."
    )
    jwks_url: _Page | None = Field(default=None, description="Or where it publishes them.")
    fewest_bytes: int = Field(
        default=_FEWEST,
        ge=_FEWEST_ALLOWED,
        le=64,
        description="How many bytes a shared secret must have at least; not less than 16.",
    )
    audience: str | None = Field(
        default=None,
        min_length=1,
        description="Whom the tokens are meant for (`aud`); where it's left out, one with `aud` is refused.",
    )
    subject: str = Field(
        default="sub",
        min_length=1,
        max_length=200,
        description="The claim that people are recognised by for ever; upper and lower case count.",
    )
    parameter: str = Field(
        default="jwt",
        pattern=r"^[A-Za-z0-9_.-]{1,60}$",
        description="The parameter of the callback, in query or form, that brings the token.",
    )
    require_state: bool = Field(
        default=False,
        description="Whether a token is refused of a browser that wasn't sent to `sign_in_url` from here.",
    )
    require_exp: bool = Field(default=True, description="Whether a token without `exp` is refused.")
    require_jti: bool = Field(default=False, description="Whether a token without `jti` is refused.")
    max_age: int = Field(
        default=300, ge=1, le=86_400, description="How old a token may be by its `iat`, in seconds."
    )
    skew: int = Field(
        default=60, ge=0, le=300, description="By how many seconds its clock may differ from ours."
    )
    sign_in_url: _Page | None = Field(
        default=None, description="Where a browser is sent that wants to sign in; none where it can't be."
    )
    return_to_parameter: str = Field(
        default="return_to",
        pattern=r"^[A-Za-z0-9_.-]{1,60}$",
        description="The parameter of `sign_in_url` that says where the token is to be brought.",
    )
    state_parameter: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_.-]{0,60}$",
        description="The parameter of `sign_in_url` that has the state, which must come back as `state`; "
        "where it's empty, the state is part of the address to return to.",
    )
    mint_url: _Page | None = Field(
        default=None, description="Where a token of ours signs our learners in; none where it doesn't."
    )
    mint_issuer: str = Field(default="", description="Who our tokens say made them (`iss`); needed with it.")
    mint_audience: str | None = Field(
        default=None, min_length=1, description="Whom they are meant for (`aud`)."
    )
    mint_secret: SecretStr | None = Field(
        default=None, description="The shared secret that they are signed with, by HS256."
    )
    mint_private_key: SecretStr | None = Field(
        default=None,
        description="Or the private key, as PEM: RSA signs by RS256, P-256 by ES256, Ed25519 by EdDSA.",
    )
    mint_key_id: str | None = Field(default=None, min_length=1, description="What they call the key (`kid`).")
    mint_claims: Annotated[dict[str, str], AfterValidator(_claims)] = Field(
        default={"sub": "{id}", "email": "{email}", "name": "{name}"},
        description="What they say of a learner, by claim: texts with `{id}`, `{email}`, `{name}`, "
        "`{username}`, `{external_id}`, `{openid}`, `{user_id}` (their id over there), `{activity}` or "
        "`{return_to}` (a path over there); a claim is left out where a field isn't known.",
    )
    mint_required: tuple[str, ...] = Field(
        default=("sub",), description="The claims without which nobody is sent there."
    )
    mint_seconds: int = Field(default=60, ge=5, le=600, description="How long they are good, in seconds.")
    mint_parameter: str = Field(
        default="jwt",
        pattern=r"^[A-Za-z0-9_.-]{1,60}$",
        description="The parameter that brings them there.",
    )
    mint_by: Literal["form", "redirect"] = Field(
        default="form",
        description="How: by a form, which leaves no trace in histories and logs, or by a redirect.",
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse options that lack each other."""
        if self.issuer is None and self.mint_url is None:
            raise ValueError("issuer: missing, and so is mint_url; a connection needs one of them")
        if self.issuer is not None:
            self._require_verifiable()
        if self.mint_url is not None:
            self._require_mintable()

    def _require_verifiable(self) -> None:
        keys = {
            name: value
            for name in ("secret", "public_key", "jwks", "jwks_url")
            if (value := getattr(self, name)) is not None
        }
        if len(keys) != 1:
            raise ValueError("secret: expected exactly one of secret, public_key, jwks and jwks_url")
        if not self.algorithms:
            raise ValueError("algorithms: missing; name what the issuer signs by")
        symmetric = [name == SYMMETRIC for name in self.algorithms]
        # A public key is no secret: with both kinds allowed it would be one (CVE-2022-29217).
        if any(symmetric) != ("secret" in keys) or len(set(symmetric)) > 1:
            raise ValueError(f"algorithms: {SYMMETRIC} goes with secret, and only it does")
        self._require_long(self.secret, "secret")
        self._require_fitting(set(self.algorithms))
        if self.require_state and self.sign_in_url is None:
            raise ValueError("require_state: needs sign_in_url; nobody could sign in")

    def _require_fitting(self, algorithms: set[str]) -> None:
        if self.public_key is not None and not algorithms <= pem_key(self.public_key, private=False)[1]:
            raise ValueError("algorithms: the public key is of another kind")
        if self.jwks is not None:
            listed = self.jwks.get("keys")
            able = [key.algorithms for key in published_keys(listed if isinstance(listed, list) else [])]
            if not algorithms <= frozenset().union(*able):
                raise ValueError("jwks: expected an object with keys, and among them one for each algorithm")

    def _require_mintable(self) -> None:
        if (self.mint_secret is None) == (self.mint_private_key is None):
            raise ValueError("mint_secret: expected exactly one of mint_secret and mint_private_key")
        if not self.mint_issuer:
            raise ValueError("mint_issuer: missing")
        self._require_long(self.mint_secret, "mint_secret")
        if self.mint_private_key is not None:
            pem_key(self.mint_private_key.get_secret_value(), private=True)
        if unknown := set(self.mint_required) - set(self.mint_claims):
            raise ValueError(f"mint_required: {min(unknown)[:40]!r} isn't among mint_claims")

    def _require_long(self, secret: SecretStr | None, name: str) -> None:
        if secret is None:
            return
        text = secret.get_secret_value()
        if text.lstrip().startswith(("-----BEGIN", "ssh-", "{")):
            raise ValueError(f"{name}: this is a key pair's, and no shared secret")
        if len(text.encode()) < self.fewest_bytes:
            raise ValueError(f"{name}: expected at least {self.fewest_bytes} bytes (fewest_bytes)")
