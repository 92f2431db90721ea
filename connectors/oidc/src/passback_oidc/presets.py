"""Whose rules hold: what one provider does otherwise than OpenID Connect says, or leaves unsaid there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from passback import JSONValue
from passback_oidc.options import OidcOptions

__all__ = ["Preset", "preset_of"]

Claims: TypeAlias = Mapping[str, JSONValue]

_GOOGLE = "https://accounts.google.com"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Preset:
    """A provider that does as OpenID Connect says.

    Attributes:
        issuer: Who its openid-configuration must name.
        base: Below which address that is published.
        asks_userinfo: Whether its userinfo endpoint says more than its ID tokens.
        verified_by: The claims by which it says that an address is verified.
    """

    asks_userinfo = True
    verified_by: tuple[str, ...] = ("email_verified",)

    def __init__(self, options: OidcOptions) -> None:
        self._options = options
        self.issuer = options.issuer or ""
        self.base = self.issuer

    def issuers(self, claims: Claims) -> tuple[str, ...]:  # noqa: ARG002 - for those who override it
        """Return whom an ID token with `claims` may name as its issuer."""
        return (self.issuer,)

    def answering(self) -> tuple[str, ...]:
        """Return who may name itself in an answer that a browser brings (RFC 9207)."""
        return (self.issuer,)

    def parameters(self) -> dict[str, str]:
        """Return what is asked besides, where a browser is sent."""
        return {}

    def faults(self, claims: Claims) -> Iterator[str]:  # noqa: ARG002
        """Yield why an ID token is refused that is good otherwise."""
        yield from ()

    def key_faults(self, claims: Claims, key: Claims) -> Iterator[str]:  # noqa: ARG002
        """Yield why the key that signed `claims` mustn't sign for their issuer."""
        yield from ()

    def subject(self, claims: Claims) -> tuple[JSONValue, str]:
        """Return whom `claims` are about, and what kind of name that is."""
        named = self._options.subject
        if named is None or named == "sub":
            return claims.get("sub"), "oidc:sub"
        return claims.get(named), f"oidc:claim:{named}"

    def named_issuer(self, claims: Claims) -> str:  # noqa: ARG002
        """Return who says so, as links keep it."""
        return self.issuer


class Entra(Preset):
    """Microsoft Entra ID.

    A person is `oid` in the tenant `tid`: `sub` is another one for each client. An address is anybody's word
    unless `xms_edov` says that its domain's owner is verified (nOAuth). Where somebody is in more than 200
    groups, `groups` is left out and named in ``_claim_names``.
    """

    asks_userinfo = False
    verified_by = ("xms_edov", "email_verified")

    def __init__(self, options: OidcOptions) -> None:
        super().__init__(options)
        self._tenants = options.tenants
        one = options.tenants[0] if len(options.tenants) == 1 else None
        self.base = f"{options.authority}/{one or 'organizations'}/v2.0"
        # The document for all tenants has a pattern for its issuer, in exactly these letters.
        self.issuer = self._of(one or "{tenantid}")

    def issuers(self, claims: Claims) -> tuple[str, ...]:
        """Return the issuer of the token's own tenant; whether its people may sign in is another question."""
        tenant = claims.get("tid")
        return (self._of(tenant),) if isinstance(tenant, str) else ()

    def answering(self) -> tuple[str, ...]:
        """Return the issuers of all tenants whose people may sign in."""
        return tuple(self._of(tenant) for tenant in self._tenants)

    def faults(self, claims: Claims) -> Iterator[str]:
        """Yield that the tenant isn't one of ours, or that who it is isn't said."""
        if claims.get("tid") not in self._tenants:
            yield "tid: the ID token is of a tenant that isn't among those listed (option tenants)"
        oid = claims.get("oid")
        if self._options.subject is None and not (isinstance(oid, str) and _ID.fullmatch(oid)):
            yield "oid: the ID token has none; ask for the scope profile"

    def key_faults(self, claims: Claims, key: Claims) -> Iterator[str]:
        """Yield that it's another tenant's key: the tenants publish theirs together, each with its issuer."""
        pattern = self._of("{tenantid}")
        if key.get("issuer", pattern) not in (pattern, *self.issuers(claims)):
            yield "signature: the ID token is signed by a key that another tenant's issuer has"

    def subject(self, claims: Claims) -> tuple[JSONValue, str]:
        """Return tenant and object id, unless another claim is configured."""
        if self._options.subject is not None:
            return super().subject(claims)
        tenant, person = claims.get("tid"), claims.get("oid")
        named = f"{tenant}:{person}" if isinstance(tenant, str) and isinstance(person, str) else None
        return named, "entra:tid+oid"

    def named_issuer(self, claims: Claims) -> str:
        """Return the issuer of the token's own tenant."""
        return self._of(str(claims.get("tid")))

    def _of(self, tenant: str) -> str:
        return f"{self._options.authority}/{tenant}/v2.0"


class Google(Preset):
    """Google Workspace: one customer's accounts, which is what `hd` says; anybody has an account there."""

    def __init__(self, options: OidcOptions) -> None:
        super().__init__(options)
        self.issuer = self.base = options.issuer or _GOOGLE

    def issuers(self, claims: Claims) -> tuple[str, ...]:  # noqa: ARG002
        """Return Google by both names that it documents for itself."""
        return (self.issuer, self.issuer.partition("://")[2]) if self.issuer == _GOOGLE else (self.issuer,)

    def parameters(self) -> dict[str, str]:
        """Return which accounts Google offers; that alone keeps nobody out."""
        return {"hd": self._options.hosted_domain or ""}

    def faults(self, claims: Claims) -> Iterator[str]:
        """Yield that it's an account of another domain, or of none."""
        if claims.get("hd") != self._options.hosted_domain:
            yield "hd: the account isn't of the Workspace that is configured (option hosted_domain)"


def preset_of(options: OidcOptions) -> Preset:
    """Return whose rules hold."""
    return {"entra": Entra, "google": Google}.get(options.provider, Preset)(options)
