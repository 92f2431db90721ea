"""A response, checked from its bytes to its last condition; what is left is what the provider says."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from passback import Assertion, SignInRefused
from passback_saml.certificates import Certificate
from passback_saml.names import Element
from passback_saml.options import SamlOptions
from passback_saml.parsing import Unreadable, parse
from passback_saml.profile import Expected, assertion_problems, envelope_problems, expiry
from passback_saml.signatures import shape_problems, signed_parts
from passback_saml.structure import response_problems, status_problems
from passback_saml.subjects import attributes_of, subject_of

__all__ = ["checked", "described", "usable"]

log = logging.getLogger("passback.saml")


def checked(
    raw: bytes, expected: Expected, options: SamlOptions, certificates: Sequence[Certificate]
) -> Assertion:
    """Return what the response `raw` proves.

    Args:
        raw: The response, as XML.
        expected: What it must say.
        options: What the connection wants.
        certificates: The certificates whose keys may sign.

    Raises:
        SignInRefused: It proves nothing; says which check failed, and no value of the response.
    """
    try:
        root = parse(raw)
    except Unreadable as error:
        raise SignInRefused(f"the response can't be read: {error}") from None
    _refuse(status_problems(root))
    _refuse(response_problems(root))
    _refuse(shape_problems(root, options.signed))
    signed = signed_parts(raw, root, usable(certificates, options, expected.at))
    _note(signed.certificates, expected.at)
    # Where the response isn't signed, what it says of itself can only be a reason to refuse.
    _refuse(envelope_problems(root if signed.response is None else signed.response, expected))
    _refuse(assertion_problems(signed.assertion, expected))
    return described(signed.assertion, options, expected)


def described(assertion: Element, options: SamlOptions, expected: Expected) -> Assertion:
    """Return what an assertion says, whatever it's worth.

    Raises:
        SignInRefused: It names no subject.
    """
    subject, kind = subject_of(assertion, options.subject, expected.issuer, expected.audience)
    return Assertion(
        issuer=expected.issuer,
        subject=subject,
        subject_kind=kind,
        attributes=attributes_of(assertion),
        once=f"{expected.issuer} {assertion.get('ID')}",
        expires=expiry(assertion),
    )


def usable(certificates: Sequence[Certificate], options: SamlOptions, at: datetime) -> Sequence[Certificate]:
    """Return the certificates whose keys count at `at`.

    Raises:
        SignInRefused: There's none.
    """
    if not certificates:
        raise SignInRefused("no certificate is accepted for this provider; `passback sso check` shows which")
    valid = [each for each in certificates if each.valid(at)]
    if options.expired_certificates == "accept":
        return certificates
    if not valid:
        raise SignInRefused(
            "every certificate that is accepted for this provider has expired, or isn't valid yet; "
            "get the new one, or set expired_certificates"
        )
    return valid


def _note(certificates: Iterable[Certificate], at: datetime) -> None:
    for each in certificates:
        if not each.valid(at):
            log.warning(
                "signed by the key of a certificate that is valid from %s to %s only (expired_certificates)",
                each.starts.date(),
                each.ends.date(),
            )


def _refuse(problems: Iterable[str]) -> None:
    for problem in problems:
        raise SignInRefused(problem)
