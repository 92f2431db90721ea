"""What the Web Browser SSO profile asks of a response and its assertion (SAML profiles §4.1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import attrs

from passback_saml.names import BEARER, ENTITY_FORMAT, Element, saml
from passback_saml.parsing import children, only, text_of
from passback_saml.times import SKEW, latest, parse_time

__all__ = ["Expected", "assertion_problems", "envelope_problems", "expiry"]

_VERSION = "2.0"
# Any other condition makes an assertion's validity unknown, and what is unknown is refused (core §2.5.1).
_CONDITIONS = frozenset({saml("AudienceRestriction"), saml("OneTimeUse"), saml("ProxyRestriction")})


@attrs.frozen(kw_only=True)
class Expected:
    """What a response must say.

    Attributes:
        issuer: Whose it is: the provider's entity id.
        audience: Whom it's for: our entity id; None compares nothing, for a sample.
        callback: Where it was sent: our address; None compares nothing.
        request: The id of our request that it answers; empty where it must answer none; None compares
            nothing.
        at: Now.
    """

    issuer: str
    audience: str | None
    callback: str | None
    request: str | None
    at: datetime


def envelope_problems(response: Element, expected: Expected) -> Iterator[str]:
    """Say what the response says that it mustn't, besides its assertion."""
    if response.get("Version") != _VERSION:
        yield "the response isn't of SAML version 2.0"
    issuers = children(response, saml("Issuer"))
    if issuers and not (len(issuers) == 1 and _is_issuer(issuers[0], expected)):
        yield "the response's Issuer is another than idp_entity_id"
    destination = response.get("Destination")
    # It may be left out; the assertion's Recipient, which mustn't be, says the same.
    if destination is not None and expected.callback not in (None, destination):
        yield "the response's Destination is another address than ours"
    if parse_time(response.get("IssueInstant")) is None:
        yield "the response's IssueInstant is no time"
    yield from _request_problems("response", response, expected)


def assertion_problems(assertion: Element, expected: Expected) -> Iterator[str]:
    """Say what the assertion says that it mustn't, or leaves out."""
    if assertion.get("Version") != _VERSION:
        yield "the assertion isn't of SAML version 2.0"
    issuer = only(assertion, saml("Issuer"))
    if issuer is None or not _is_issuer(issuer, expected):
        yield "the assertion's Issuer is another than idp_entity_id, or is missing"
    issued = parse_time(assertion.get("IssueInstant"))
    if issued is None or issued > expected.at + SKEW:
        yield "the assertion's IssueInstant is in the future, or no time; are the clocks right?"
    yield from _confirmation_problems(assertion, expected)
    yield from _conditions_problems(assertion, expected)
    yield from _session_problems(assertion, expected)


def expiry(assertion: Element) -> datetime | None:
    """Return until when the assertion could be presented again; None where it names no time."""
    named = [_confirmation(assertion), only(assertion, saml("Conditions"))]
    ends = [parse_time(each.get("NotOnOrAfter")) for each in named if each is not None]
    told = [end for end in ends if end is not None]
    return latest(told) if told else None


def _is_issuer(issuer: Element, expected: Expected) -> bool:
    # Profiles §4.1.4.2: its Format, where there is one, is that of an entity.
    return text_of(issuer) == expected.issuer and issuer.get("Format") in (None, ENTITY_FORMAT)


def _confirmation(assertion: Element) -> Element | None:
    subject = only(assertion, saml("Subject"))
    return only(only(subject, saml("SubjectConfirmation")), saml("SubjectConfirmationData"))


def _confirmation_problems(assertion: Element, expected: Expected) -> Iterator[str]:
    subject = only(assertion, saml("Subject"))
    if subject is None:
        yield "the assertion has no Subject, or several"
        return
    confirmation = only(subject, saml("SubjectConfirmation"))
    if confirmation is None:
        yield "the assertion has no SubjectConfirmation, or several"
        return
    if confirmation.get("Method") != BEARER:
        yield "the assertion's SubjectConfirmation isn't bearer, the only method that a browser can meet"
    data = _confirmation(assertion)
    if data is None:
        yield "the assertion has no SubjectConfirmationData, or several"
        return
    if expected.callback is not None and data.get("Recipient") != expected.callback:
        yield "the SubjectConfirmationData's Recipient is another address than ours, or is missing"
    if data.get("NotOnOrAfter") is None:
        yield "the SubjectConfirmationData has no NotOnOrAfter"
    yield from _time_problems("SubjectConfirmationData", data, expected.at)
    yield from _request_problems("SubjectConfirmationData", data, expected)


def _conditions_problems(assertion: Element, expected: Expected) -> Iterator[str]:
    conditions = only(assertion, saml("Conditions"))
    if conditions is None:
        yield "the assertion has no Conditions, or several"
        return
    yield from _time_problems("Conditions", conditions, expected.at)
    if any(each.tag not in _CONDITIONS for each in conditions):
        yield "the assertion has a condition that isn't known here"
    restrictions = children(conditions, saml("AudienceRestriction"))
    if not restrictions:
        yield "the assertion has no AudienceRestriction: it would be good anywhere"
    for restriction in restrictions:
        audiences = [text_of(each) for each in children(restriction, saml("Audience"))]
        if expected.audience is not None and expected.audience not in audiences:
            yield "the assertion is for another Audience than our entity id"


def _session_problems(assertion: Element, expected: Expected) -> Iterator[str]:
    statements = children(assertion, saml("AuthnStatement"))
    if not statements:
        yield "the assertion has no AuthnStatement: it doesn't say that anybody signed in"
    for statement in statements:
        text = statement.get("SessionNotOnOrAfter")
        end = parse_time(text)
        if text is not None and (end is None or end <= expected.at - SKEW):
            yield "the session at the provider is over (SessionNotOnOrAfter)"


def _time_problems(where: str, element: Element, at: datetime) -> Iterator[str]:
    start, end = element.get("NotBefore"), element.get("NotOnOrAfter")
    begins, ends = parse_time(start), parse_time(end)
    if start is not None and (begins is None or begins > at + SKEW):
        yield f"the assertion isn't valid yet ({where}'s NotBefore); are the clocks right?"
    if end is not None and (ends is None or ends <= at - SKEW):
        yield f"the assertion has expired ({where}'s NotOnOrAfter); are the clocks right?"


def _request_problems(where: str, element: Element, expected: Expected) -> Iterator[str]:
    if expected.request is None:
        return
    answered = element.get("InResponseTo")
    if expected.request and answered != expected.request:
        yield f"the {where} doesn't answer the request that this browser was sent with (InResponseTo)"
    elif not expected.request and answered is not None:
        yield f"the {where} answers a request (InResponseTo) that this browser wasn't sent with"
