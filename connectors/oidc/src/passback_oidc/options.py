"""What a connection to an OpenID provider needs, in the words of its administrators."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from passback import Options, WebAddress
from passback_oidc.signing import signing_key

__all__ = ["Algorithm", "OidcOptions"]

Algorithm: TypeAlias = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"
]
"""What ID tokens may be signed by: with a pair of keys only. The client's secret signs nothing."""

# Compared in every character with what the provider says.
_Issuer: TypeAlias = Annotated[
    str, AfterValidator(WebAddress(example="https://login.example.com", exact=True))
]
_TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


def _tenants(given: tuple[str, ...]) -> tuple[str, ...]:
    if any(not _TENANT.fullmatch(each) for each in given):
        raise ValueError(
            "expected ids of tenants in lower case, such as 72f988bf-86f1-41af-91ab-2d7cd011db47; "
            "names of domains, common, organizations and consumers are none"
        )
    return given


def _scopes(given: tuple[str, ...]) -> tuple[str, ...]:
    if "openid" not in given:
        raise ValueError("openid: missing; without it no ID token is given out")
    if any(not _SCOPE.fullmatch(each) for each in given):
        raise ValueError("expected scopes one by one, without spaces in them")
    return given


def _domain(given: str) -> str:
    if not _DOMAIN.fullmatch(given):
        raise ValueError("expected the name of a domain in lower case, such as acme.example")
    return given


class OidcOptions(Options):
    """Options of a connection to one OpenID provider."""

    provider: Literal["generic", "entra", "google", "okta"] = Field(
        default="generic", description="Whose rules hold: Microsoft Entra ID's, Google's, Okta's or none's."
    )
    issuer: _Issuer | None = Field(
        default=None,
        description="The provider's issuer, exactly as it writes it itself. Entra's follows from `tenants`.",
    )
    tenants: Annotated[tuple[str, ...], AfterValidator(_tenants)] = Field(
        default=(), description="With entra: the ids of the tenants whose people may sign in."
    )
    authority: _Issuer = Field(
        default="https://login.microsoftonline.com",
        description="With entra: the cloud that the tenants are in, without a slash at its end.",
    )
    hosted_domain: Annotated[str, AfterValidator(_domain)] | None = Field(
        default=None, description="With google: the Workspace's primary domain; nobody else signs in."
    )
    client_id: str = Field(min_length=1, description="Our client's id at the provider.")
    client_auth: Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] = Field(
        default="client_secret_basic", description="How our client proves itself."
    )
    client_secret: SecretStr | None = Field(default=None, description="With client_secret_…: its secret.")
    private_key: SecretStr | None = Field(
        default=None, description="With private_key_jwt: its private key, as PEM or as a JWK."
    )
    private_key_id: str | None = Field(
        default=None, description="With private_key_jwt: the key's id (kid), where the provider wants one."
    )
    scopes: Annotated[tuple[str, ...], AfterValidator(_scopes)] = Field(
        default=("openid", "profile", "email"), description="What is asked for."
    )
    algorithms: tuple[Algorithm, ...] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA", "Ed25519"),
        min_length=1,
        description="What ID tokens may be signed by.",
    )
    subject: str | None = Field(
        default=None,
        min_length=1,
        description="Which claim says who somebody is, for ever; by default `sub`, with entra `tid` and "
        "`oid`. Another one matches none of the links that were made before.",
    )
    userinfo: Literal["auto", "never"] = Field(
        default="auto",
        description="Whether what the ID token lacks is asked for at the userinfo endpoint. `auto` does so "
        "where there is one; with entra it doesn't.",
    )
    nested: tuple[str, ...] = Field(
        default=(),
        description="Which claims inside claims are attributes, too, by their dotted path.",
        examples=[("realm_access.roles",)],
    )
    verified_text: bool = Field(
        default=False,
        description='Whether the texts "true" and "1" say that an address is verified, as `true` does.',
    )
    sign_out: bool = Field(
        default=True, description="Whether who signs out here is signed out at the provider, too."
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse options that lack or contradict each other."""
        self._require_provider()
        self._require_client()

    def _require_provider(self) -> None:
        if self.provider == "entra":
            if not self.tenants:
                raise ValueError("tenants: missing; anybody could sign in from a tenant of their own")
            if self.issuer is not None:
                raise ValueError("issuer: leave it out with provider = entra; it follows from tenants")
            if self.authority.endswith("/"):
                raise ValueError("authority: leave out the slash at its end")
        elif self.tenants:
            raise ValueError("tenants: goes with provider = entra")
        if (self.provider == "google") != (self.hosted_domain is not None):
            raise ValueError("hosted_domain: needed with provider = google, and goes with no other")
        if self.provider in {"generic", "okta"} and self.issuer is None:
            raise ValueError("issuer: missing; it stands in the provider's openid-configuration")
        if self.provider == "okta" and "-admin.okta" in (self.issuer or ""):
            raise ValueError("issuer: this is the address of Okta's console; leave out -admin")

    def _require_client(self) -> None:
        wanted = {
            "client_secret": self.client_auth.startswith("client_secret"),
            "private_key": self.client_auth == "private_key_jwt",
        }
        for name, needed in wanted.items():
            given = getattr(self, name) is not None
            if given != needed:
                why = "missing; client_auth needs it" if needed else "client_auth has no use for it"
                raise ValueError(f"{name}: {why}")
        if self.client_secret is not None and not self.client_secret.get_secret_value():
            raise ValueError("client_secret: empty")
        if self.private_key is not None:
            if self.provider == "entra":
                raise ValueError("client_auth: Entra ID wants a certificate's thumbprint; use a secret")
            signing_key(self.private_key.get_secret_value())
