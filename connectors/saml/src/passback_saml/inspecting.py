"""What an administrator sees of a provider before anybody signs in: keys, dates, addresses, clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from passback import Observation, Response, SignInPlace
from passback_saml.certificates import Certificate
from passback_saml.names import FORMATS, TRANSIENT
from passback_saml.options import SamlOptions
from passback_saml.provider import Provider

__all__ = ["provider_seen", "service_seen", "skew_seen"]

# Long enough to ask another company for a new certificate.
_SOON = timedelta(days=30)
# Assertions are refused from 60 s; half of that is a clock that nobody sets.
_SKEW_WARNS, _SKEW_BREAKS = 30, 120
_EMAIL = "email"


def service_seen(options: SamlOptions, place: SignInPlace, entity_id: str) -> Iterator[Observation]:
    """Yield what the provider has to know of us."""
    yield Observation(what="our entity id", said=entity_id)
    yield Observation(what="our address for responses (ACS, HTTP-POST)", said=place.callback)
    if not place.callback.startswith("https:"):
        said = "not by https: a browser leaves our cookie out of what another site posts, and is refused then"
        yield Observation(what="our address for responses", said=said, verdict="warning")
    yield Observation(what="our metadata", said=place.metadata)
    yield Observation(what="our requests", said="by HTTP-Redirect, not signed, with AllowCreate")
    wanted = {"any": "assertion, response or both", "both": "assertion and response"}
    yield Observation(
        what="what must be signed",
        said=f"{wanted.get(options.signed, options.signed)}; RSA or ECDSA, SHA-256 or more; not encrypted",
    )
    if options.unsolicited:
        said = "accepted unasked: somebody else's browser can be signed in to a stranger's account by a link"
        yield Observation(what="responses", said=said, verdict="warning")


def provider_seen(provider: Provider, options: SamlOptions, at: datetime) -> Iterator[Observation]:
    """Yield what the provider says, and which of its keys count."""
    yield Observation(what="provider", said=provider.entity_id)
    if provider.sso_url is None:
        said = "none by HTTP-Redirect: browsers can't be sent there"
        yield Observation(what="sign-in address", said=said, verdict="problem")
    else:
        yield Observation(what="sign-in address", said=provider.sso_url)
    for certificate in provider.accepted:
        yield _certificate_seen(certificate, options, at)
    if not any(each.valid(at) for each in provider.accepted) and options.expired_certificates == "refuse":
        said = "none that is valid today is accepted: nobody can sign in"
        yield Observation(what="signing certificates", said=said, verdict="problem")
    yield from _metadata_seen(provider, options)


def skew_seen(answer: Response) -> Iterator[Observation]:
    """Yield how far the provider's clock is from ours, by the date in its answer."""
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, OverflowError):
        yield Observation(what="clock", said="the provider's answer has no date to compare")
        return
    told = told.replace(tzinfo=UTC) if told.tzinfo is None else told
    seconds = abs(round((told - answer.received).total_seconds()))
    said = f"{seconds} s from ours"
    if seconds <= _SKEW_WARNS:
        yield Observation(what="clock", said=said)
    else:
        yield Observation(
            what="clock", said=said, verdict="warning" if seconds <= _SKEW_BREAKS else "problem"
        )


def _certificate_seen(certificate: Certificate, options: SamlOptions, at: datetime) -> Observation:
    dates = f"valid from {certificate.starts:%Y-%m-%d} to {certificate.ends:%Y-%m-%d}"
    said = f"SHA-256 {certificate.shown}, {certificate.key}, {dates}"
    if not certificate.valid(at):
        refused = options.expired_certificates == "refuse"
        said += ": not valid today" + (
            "" if refused else ", and accepted all the same (expired_certificates)"
        )
        # Another one may be valid; whether none is, is said of them all.
        return Observation(what="signing certificate", said=said, verdict="warning")
    if certificate.ends - at < _SOON:
        said += (
            f": ends in {(certificate.ends - at).days} days; get the next one, and enter it beside this one"
        )
        return Observation(what="signing certificate", said=said, verdict="warning")
    return Observation(what="signing certificate", said=said)


def _metadata_seen(provider: Provider, options: SamlOptions) -> Iterator[Observation]:
    published = provider.published
    if published is None:
        return
    for each in provider.refused:
        why = f"{each.weakness}" if each.weakness else "if the provider confirms it, enter it in fingerprints"
        said = f"is published and isn't accepted: SHA-256 {each.shown}, until {each.ends:%Y-%m-%d}; {why}"
        yield Observation(what="another certificate", said=said, verdict="warning")
    known = {each.fingerprint for each in published.certificates}
    for pin in sorted(set(options.fingerprints) - known):
        said = f"SHA-256 {pin[:16]}… isn't in the metadata: take it out of fingerprints once it's out of use"
        yield Observation(what="pinned certificate", said=said, verdict="warning")
    if published.unread:
        said = f"{published.unread} in the metadata can't be read"
        yield Observation(what="certificates", said=said, verdict="warning")
    if published.until is not None:
        yield Observation(what="metadata", said=f"may be used until {published.until:%Y-%m-%d}")
    if published.wants_signed:
        said = "the provider wants them signed, which isn't done here; switch that off for us there"
        yield Observation(what="our requests", said=said, verdict="problem")
    yield from _formats_seen(published.formats, options)


def _formats_seen(formats: tuple[str, ...], options: SamlOptions) -> Iterator[Observation]:
    if options.subject != "nameid" or not formats:
        return
    names = [FORMATS.get(each, "another") for each in formats]
    if set(formats) == {TRANSIENT}:
        said = "only transient, which names nobody; choose an attribute by the option subject"
        yield Observation(what="NameID formats", said=said, verdict="problem")
    elif set(names) <= {_EMAIL, "transient"}:
        said = "only e-mail addresses, which change and are given to others; choose an attribute (subject)"
        yield Observation(what="NameID formats", said=said, verdict="warning")
    else:
        yield Observation(what="NameID formats", said=", ".join(names))
