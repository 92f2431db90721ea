"""Access as an identity provider's attributes say it (wire facts §6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from passback.errors import InvalidAccess
from passback.model.access import NAMED, SEVERAL, TRUTH, Access

__all__ = ["read_access"]

# XML Schema has the digits, and .NET capital letters.
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def read_access(attributes: Mapping[str, tuple[str, ...]], *, allow_revoke_all: bool = False) -> Access:
    """Return what an identity provider says that somebody may learn and manage.

    Args:
        attributes: What it says, as an `Assertion` has it; names are case-sensitive, and others are passed
            over. A list that has no value, or one empty one, is empty.
        allow_revoke_all: Whether somebody may lose everything at once by it.

    Raises:
        InvalidAccess: An attribute can't be so; names it, and no value.
    """
    if "licenseIds" in attributes:
        raise InvalidAccess("licenseIds", "is deprecated; send studentLicenseIds or managerLicenseIds")
    said = {
        field: _read(name, kind, attributes[name])
        for name, (field, kind) in NAMED.items()
        if name in attributes
    }
    return Access(**said, allow_revoke_all=allow_revoke_all)


def _read(name: str, kind: str, values: tuple[str, ...]) -> Any:  # noqa: ANN401 - as the field wants it
    if kind == SEVERAL:
        # One empty value is how SAML writes an empty list, and the same value twice says it once.
        return () if values in ((), ("",)) else tuple(dict.fromkeys(values))
    if len(values) != 1:
        raise InvalidAccess(name, f"expected one value, got {len(values)}")
    if kind == TRUTH:
        # What is neither is refused where it's taken.
        return _TRUTH.get(values[0].strip().lower())
    return values[0]
