"""The token that signs somebody in: its signature, its time, and the rules of its claims (§6.3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping

from passback_thoughtindustries.sandbox.behaviour import Behaviour
from passback_thoughtindustries.sandbox.refusal import Refused

_LISTS = ("courseSlugs", "bundleSlugs", "learningPathSlugs", "studentLicenseIds", "studentLicenseSkus",
          "managerLicenseIds", "managerLicenseSkus")  # fmt: skip
_CLIENTS = ("clientId", "clientSlug", "clientSku")
_TEXTS = ("email", "externalCustomerId", "firstName", "lastName", "returnTo", "role", *_CLIENTS)
_REFS = tuple(f"ref{n}" for n in range(1, 11))
_TRUTHS = ("replaceCourseAccess", "replaceLicenseAccess")
_TIMES = ("iat", "exp")
_LONGEST_REF = 32
_ROLE = re.compile(r"[a-z0-9-]+")


def read(token: str, behaviour: Behaviour) -> dict[str, object]:
    """Return the claims of a token that is good now.

    Raises:
        Refused: It isn't.
    """
    text, _, signature = token.rpartition(".")
    try:
        header, claims = (json.loads(_decoded(part)) for part in text.split("."))
        good = hmac.digest(behaviour.api_key.encode(), text.encode(), hashlib.sha256)
        same = hmac.compare_digest(good, _decoded(signature))
    except (ValueError, binascii.Error):
        raise Refused(400, "jwt: can't be read") from None
    if not isinstance(claims, dict) or header.get("alg") != "HS256" or not same:
        raise Refused(403, "jwt: the signature isn't good")
    now, issued = time.time(), claims.get("iat")
    if not isinstance(issued, int) or abs(now - issued) > behaviour.jwt_seconds:
        raise Refused(403, f"jwt: iat is off by more than {behaviour.jwt_seconds} s")
    if "exp" in claims and not (isinstance(claims["exp"], int) and claims["exp"] > now):
        raise Refused(403, "jwt: it has expired")
    _require_fields(claims)
    _require_known(claims, behaviour)
    return claims


def client_of(claims: Mapping[str, object], behaviour: Behaviour) -> str | None:
    """Return the id of the client that a token names; None where it names none.

    Raises:
        Refused: There is no such client.
    """
    given = {name: claims[name] for name in _CLIENTS if name in claims}
    for identity, client in behaviour.clients.items():
        known = {"clientId": identity, "clientSlug": client.slug, "clientSku": client.sku}
        if given and all(known[name] == value for name, value in given.items()):
            return identity
    if given:
        raise Refused(400, "client not found")
    return None


def licenses_of(claims: Mapping[str, object], behaviour: Behaviour, whose: str) -> list[str]:
    """Return the ids of the licences that a token names for a ``student`` or a ``manager``.

    Raises:
        Refused: There is no such licence.
    """
    client = client_of(claims, behaviour)
    known = {
        (identity, license_): sku
        for identity, each in behaviour.clients.items()
        for license_, sku in each.licenses.items()
    }
    found = []
    for name in _texts(claims.get(f"{whose}LicenseIds", [])):
        if name not in {license_ for _, license_ in known}:
            raise Refused(400, "license not found")
        found.append(name)
    for name in _texts(claims.get(f"{whose}LicenseSkus", [])):
        if client is None:
            raise Refused(400, f"{whose}LicenseSkus needs clientId, clientSlug or clientSku")
        fitting = [license_ for (owner, license_), sku in known.items() if (owner, sku) == (client, name)]
        if not fitting:
            raise Refused(400, "license not found")
        found += fitting
    return found


def _require_fields(claims: Mapping[str, object]) -> None:
    for name, value in claims.items():
        if name not in (*_LISTS, *_TEXTS, *_REFS, *_TRUTHS, *_TIMES, "jti"):
            raise Refused(400, f"{name} isn't known here; names are case-sensitive")
        if name in _LISTS:
            _texts(value)
        if name in (*_TEXTS, *_REFS, "jti") and not isinstance(value, str):
            raise Refused(400, f"{name} must be a text")
        if name in _TRUTHS and not isinstance(value, bool):
            raise Refused(400, f"{name} must be true or false")
        if name in _REFS and len(str(value)) > _LONGEST_REF:
            raise Refused(400, f"{name} is longer than {_LONGEST_REF} characters")


def _require_known(claims: Mapping[str, object], behaviour: Behaviour) -> None:
    slugs = {course.slug for course in behaviour.courses.values()}
    known = {
        "courseSlugs": slugs,
        "bundleSlugs": set(behaviour.bundles),
        "learningPathSlugs": set(behaviour.learning_paths.values()),
    }
    for name, there in known.items():
        if not set(_texts(claims.get(name, []))) <= there:
            raise Refused(400, f"{name} names what there is none of")
    role = claims.get("role")
    if role is not None and (not _ROLE.fullmatch(str(role)) or role not in behaviour.roles):
        raise Refused(400, "role must be the slug of one that there is")
    used = {*licenses_of(claims, behaviour, "student"), *licenses_of(claims, behaviour, "manager")}
    owners = {identity for identity, each in behaviour.clients.items() if used & set(each.licenses)} | (
        {client} if (client := client_of(claims, behaviour)) else set()
    )
    if len(owners) > 1 and used:
        raise Refused(400, "all licenses must be of one client")


def _texts(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise Refused(400, "expected a list of texts")
    return list(value)


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars="-_", validate=True)
