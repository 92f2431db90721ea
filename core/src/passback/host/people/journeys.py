"""What a host is told of browsers that leave for an identity provider and come back."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import attrs

from passback.errors import SignInRefused
from passback.host.config import SignInConfig
from passback.identity.linking import Outcome, Provision
from passback.model import Departure, Incoming, Learner

__all__ = ["Journey", "SignedIn", "destination", "states"]

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 50
_LONGEST = 2048


@attrs.frozen(kw_only=True)
class Journey:
    """A browser's way to an identity provider.

    Attributes:
        departure: Where it goes.
        browser: What to give it as a cookie, for it alone, and to hand in when it's back. Isn't shown.
    """

    departure: Departure = attrs.field(repr=False)
    browser: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class SignedIn:
    """Somebody signed in.

    Attributes:
        connection: By which connection.
        organisation: The customer whose connection it is.
        outcome: ``known``, ``created``, ``merged``, or ``needs proof``: then nobody is signed in until the
            host has made sure that it's `learner`, and says so with `proof`.
        learner: Who it is.
        profile: What the provider says of them by the connection's names. Isn't shown.
        provision: What changes for them at the host.
        notes: What an administrator should know; names only.
        return_to: Where the browser goes on: a path here, or an address that the connection allows.
        proof: What `SigningIn.prove` wants, where proof is needed. Isn't shown.
        session: What `SigningIn.sign_out` wants; keep it in the browser's session. Isn't shown.
    """

    connection: str
    organisation: str
    outcome: Outcome
    learner: Learner
    profile: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)
    provision: Provision = attrs.field(factory=Provision)
    notes: tuple[str, ...] = ()
    return_to: str = "/"
    proof: str = attrs.field(default="", repr=False)
    session: str = attrs.field(default="", repr=False)


def destination(wanted: str, config: SignInConfig) -> str:
    """Return `wanted`, if a browser may be sent there: a path of this site, or what the connection allows.

    Raises:
        SignInRefused: It may not.
    """
    if len(wanted) <= _LONGEST and wanted.isprintable() and "\\" not in wanted and " " not in wanted:
        if wanted.startswith("/") and not wanted.startswith("//"):
            return wanted
        if wanted.startswith(config.return_to) and "@" not in _authority(wanted):
            return wanted
    raise SignInRefused("nobody is sent to that address; allow it under sign_in.return_to")


def _authority(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return "@"  # no host that anybody could name


def states(incoming: Incoming) -> list[str]:
    """Return what came back as ``state`` or ``RelayState``."""
    pairs = list(incoming.query)
    if incoming.headers.get("content-type", "").startswith(_FORM):
        try:
            pairs += parse_qsl(incoming.body.decode("ascii"), max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise SignInRefused("the form that came back can't be read") from None
    return [value for name, value in pairs if name in ("state", "RelayState") and value]
