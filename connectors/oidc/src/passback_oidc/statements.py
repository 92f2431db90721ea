"""Claims as the core wants them: who, what else, and what isn't known."""

from __future__ import annotations

import json
from collections.abc import Mapping

from passback import Assertion, JSONValue, SignInRefused
from passback_oidc.options import OidcOptions
from passback_oidc.presets import Preset

__all__ = ["Statements", "incomplete"]

# What holds a token together; the rest is about the person.
_PLUMBING = frozenset(
    {"iss", "aud", "azp", "exp", "nbf", "iat", "jti", "nonce", "at_hash", "c_hash", "s_hash"}
)


class Statements:
    """Makes assertions of claims that are verified."""

    def __init__(self, options: OidcOptions, preset: Preset) -> None:
        self._options = options
        self._preset = preset

    def assertion(self, claims: Mapping[str, JSONValue], id_token: str = "") -> Assertion:
        """Return what `claims` say.

        Raises:
            SignInRefused: They don't say who it is.
        """
        named, kind = self._preset.subject(claims)
        subject = _texts(named)
        if len(subject) != 1 or isinstance(named, bool | list) or not subject[0].strip():
            raise SignInRefused(f"{kind.rpartition(':')[2]}: doesn't name one person (option subject)")
        return Assertion(
            issuer=self._preset.named_issuer(claims),
            subject=subject[0],
            subject_kind=kind,
            attributes=self._attributes(claims),
            email_verified=self._verified(claims),
            incomplete=incomplete(claims),
            session=id_token,
        )

    def _attributes(self, claims: Mapping[str, JSONValue]) -> Mapping[str, tuple[str, ...]]:
        found = {name: _texts(value) for name, value in claims.items() if name not in _PLUMBING}
        for path in self._options.nested:
            found.setdefault(path, _texts(_inside(claims, path)))
        return {name: values for name, values in found.items() if values}

    def _verified(self, claims: Mapping[str, JSONValue]) -> bool | None:
        said = [self._truth(claims[name]) for name in self._preset.verified_by if name in claims]
        if False in said:
            return False
        return True if True in said else None

    def _truth(self, value: JSONValue) -> bool | None:
        if isinstance(value, bool):
            return value
        if self._options.verified_text and value in ("true", "1", 1):
            return True
        # Anything else says that somebody there meant something; it's no yes.
        return None if value is None else False


def incomplete(claims: Mapping[str, JSONValue]) -> frozenset[str]:
    """Return the claims that are said to be elsewhere (Core §5.6.2): what Entra does with too many groups."""
    elsewhere = claims.get("_claim_names")
    named = set(elsewhere) if isinstance(elsewhere, dict) else set()
    if claims.get("hasgroups") in (True, "true"):
        named.add("groups")
    return frozenset(named)


def _texts(value: JSONValue) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text for each in value if not isinstance(each, list) for text in _texts(each))
    if isinstance(value, str):
        return (value,)
    # Objects are reached by their path (option nested).
    return () if value is None or isinstance(value, dict) else (json.dumps(value),)


def _inside(claims: JSONValue | Mapping[str, JSONValue], path: str) -> JSONValue:
    found: JSONValue = dict(claims) if isinstance(claims, Mapping) else None
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
