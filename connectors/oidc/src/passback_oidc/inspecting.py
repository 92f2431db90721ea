"""What a provider publishes and what it must know of us, for the administrator who connects both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from passback import Observation, SignInPlace
from passback_oidc.keys import PublishedKey
from passback_oidc.metadata import Metadata
from passback_oidc.options import OidcOptions
from passback_oidc.words import shown

__all__ = ["inspected"]

_SKEW, _WORST_SKEW = timedelta(seconds=30), timedelta(seconds=120)
_CHANGING = frozenset({"email", "preferred_username", "upn", "unique_name", "name", "nickname"})


def inspected(
    metadata: Metadata, keys: Sequence[PublishedKey], options: OidcOptions, place: SignInPlace
) -> list[Observation]:
    """Return what is to be known before the first person signs in."""
    return [
        *_published(metadata, options),
        *_signing(metadata, keys, options),
        _clock(metadata),
        *_ours(options, place),
    ]


def _published(metadata: Metadata, options: OidcOptions) -> Iterator[Observation]:
    yield Observation(what="issuer", said=metadata.issuer)
    yield Observation(what="signs in at", said=metadata.authorization_endpoint)
    yield Observation(what="signs out at", said=metadata.end_session_endpoint or "nowhere: it isn't offered")
    yield Observation(what="userinfo", said=metadata.userinfo_endpoint or "none: the ID token must say all")
    flows = metadata.names("response_types_supported")
    if flows is not None and "code" not in flows:
        yield Observation(what="flow", said="it doesn't offer the authorization code flow", verdict="problem")
    challenges = metadata.names("code_challenge_methods_supported")
    if challenges is not None and "S256" not in challenges:
        yield Observation(
            what="PKCE", said="it doesn't know S256, which we send all the same", verdict="warning"
        )
    # What it means to leave it out: Discovery §3.
    methods = metadata.names("token_endpoint_auth_methods_supported") or ("client_secret_basic",)
    if options.client_auth not in methods:
        yield Observation(
            what="client_auth",
            said=f"{options.client_auth} isn't among what it takes: {_listed(methods)}",
            verdict="warning",
        )
    known = metadata.names("scopes_supported")
    missing = [each for each in options.scopes if known is not None and each not in known]
    if missing:
        yield Observation(
            what="scopes", said=f"it doesn't list {', '.join(missing)}; check scopes", verdict="warning"
        )


def _signing(metadata: Metadata, keys: Sequence[PublishedKey], options: OidcOptions) -> Iterator[Observation]:
    offered = metadata.names("id_token_signing_alg_values_supported")
    if offered is not None and not set(offered) & set(options.algorithms):
        yield Observation(
            what="algorithms",
            said=f"it signs by {_listed(offered)}, and none of these is allowed (option algorithms)",
            verdict="problem",
        )
    if not keys:
        yield Observation(what="keys", said="it publishes none that can be used", verdict="problem")
    for key in keys:
        yield Observation(what="key", said=f"{key.kind}, {shown(key.id or 'without a name (kid)')}")


def _clock(metadata: Metadata) -> Observation:
    try:
        theirs = parsedate_to_datetime(metadata.date)
    except ValueError:
        return Observation(what="clock", said="its answer has no date, so its clock can't be compared")
    # An answer's date has no fractions.
    skew = abs((theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - metadata.received)
    seconds = f"{skew.total_seconds():.0f} s apart"
    if skew > _WORST_SKEW:
        return Observation(what="clock", said=f"{seconds}: its tokens are refused; set it", verdict="problem")
    if skew > _SKEW:
        return Observation(
            what="clock", said=f"{seconds}; from 60 s on, tokens are refused", verdict="warning"
        )
    return Observation(what="clock", said=seconds)


def _ours(options: OidcOptions, place: SignInPlace) -> Iterator[Observation]:
    plain = not _is_safe(place.callback)
    yield Observation(
        what="redirect URI",
        said=f"{place.callback}{' is not encrypted; most providers refuse it' if plain else ''}",
        verdict="warning" if plain else "ok",
    )
    if options.sign_out:
        yield Observation(what="post-logout redirect URI", said=place.signed_out)
    yield Observation(what="client", said=f"{options.client_id}, by {options.client_auth}")
    yield Observation(what="asks for", said=" ".join(options.scopes))
    if options.subject in _CHANGING:
        yield Observation(
            what="subject",
            said=f"{options.subject} changes with a person's name or address, and may be given to somebody "
            "else; take one that never does",
            verdict="warning",
        )


def _listed(names: Sequence[str]) -> str:
    return shown(", ".join(names))


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
