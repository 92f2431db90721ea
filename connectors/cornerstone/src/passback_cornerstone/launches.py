"""Launches: what Cornerstone puts into the address that it opens (wire facts §2.4), read as hostile."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import attrs

from passback import Launch, LaunchQuery
from passback_cornerstone.addresses import GUID, callback_path, joined
from passback_cornerstone.options import CallbackOptions, CornerstoneOptions

__all__ = ["Target", "read", "target"]

_NAMES = ("userGuid", "sessionToken", "callbackUrl", "subdomain", "fqdn")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_MOST_PAIRS = 100
_LONGEST = 16 * 1024


@attrs.frozen(kw_only=True)
class Target:
    """Where a launch's token works.

    Attributes:
        launch: The launch's id.
        url: The callback's address.
        token: The session token; isn't shown.
        issued: When it was handed over; None where that isn't known.
        expires: Until when it works; None where that isn't known.
    """

    launch: int
    url: str
    token: str = attrs.field(repr=False)
    issued: datetime | None
    expires: datetime | None

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same as another launch's."""
        return self.url, self.token


def read(
    query: LaunchQuery, options: CornerstoneOptions, callback: CallbackOptions, now: datetime
) -> Launch | None:
    """Return the launch that `query` is; None where it's none, or isn't of this portal."""
    given = _given(query)
    if given is None:
        return None
    portal, path = _portal(given, options), callback_path(given["callbackUrl"], callback.path)
    if portal is None or path is None or joined(portal, path) is None:
        return None
    if not GUID.fullmatch(given["userGuid"]) or not _TOKEN.fullmatch(given["sessionToken"]):
        return None
    return Launch(
        user_id=given["userGuid"].lower(),
        parameters={"portal": portal, "path": path, "token": given["sessionToken"]},
        passthrough=query.pairs,
        expires=now + timedelta(minutes=callback.token_minutes),
    )


def target(launch: Launch, options: CornerstoneOptions, callback: CallbackOptions) -> Target | None:
    """Return where the token of `launch` works; None where the options no longer allow it."""
    kept = launch.parameters
    portal = options.portal(kept.get("portal", "").partition("://")[2])
    path = callback_path(kept.get("path", ""), callback.path)
    token = kept.get("token", "")
    if portal is None or path is None or not _TOKEN.fullmatch(token):
        return None
    url = joined(portal, path + callback.suffix)
    if url is None:
        return None
    lifetime = timedelta(minutes=callback.token_minutes)
    issued = None if launch.expires is None else launch.expires - lifetime
    return Target(launch=launch.id, url=url, token=token, issued=issued, expires=launch.expires)


def _given(query: LaunchQuery) -> dict[str, str] | None:
    if len(query.pairs) > _MOST_PAIRS or sum(len(a) + len(b) for a, b in query.pairs) > _LONGEST:
        return None
    given: dict[str, str] = {}
    for name, value in query.pairs:
        # Of two values, which one the portal meant can't be told.
        if name in _NAMES and given.setdefault(name, value) != value:
            return None
    return given if given.keys() >= set(_NAMES[:3]) else None


def _portal(given: dict[str, str], options: CornerstoneOptions) -> str | None:
    # A name is only ever compared with what is configured, never made into a host.
    known, named = options.portal_name, given.get("subdomain")
    if named is not None and known is not None and named.lower() != known:
        return None
    if "fqdn" in given:
        return options.portal(given["fqdn"])
    return options.url if named is not None and known is not None else None
