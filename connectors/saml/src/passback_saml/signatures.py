"""Whether a signature is the provider's, and what exactly it signs.

signxml does the cryptography and nothing else: by one certificate of ours at a time, without a look at what
``KeyInfo`` offers. What it gives back is the canonical form of what was signed. That is parsed anew, and
nothing else is read: what a signature doesn't cover can't be taken for what it does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import attrs
from signxml.exceptions import InvalidDigest
from signxml.verifier import SignatureConfiguration, XMLVerifier

from passback import SignInRefused
from passback_saml.certificates import Certificate
from passback_saml.names import ASSERTION_NS, DIGESTS, METHODS, Element
from passback_saml.parsing import Unreadable, parse, parser
from passback_saml.structure import assertion_in, signature_of, signature_problems

__all__ = ["Required", "Signed", "shape_problems", "signed_parts"]

Required: TypeAlias = Literal["any", "assertion", "response", "both"]

# It writes down all that is signed, which is about people, when somebody debugs the host.
logging.getLogger("signxml").setLevel(logging.INFO)

# Where signxml looks for the signature; the same place in which it was seen.
_IN_RESPONSE = "./"
_IN_ASSERTION = f"./{{{ASSERTION_NS}}}Assertion/"


@attrs.frozen(kw_only=True)
class Signed:
    """What of a response is signed by the provider, parsed from what was signed.

    Attributes:
        assertion: The assertion.
        response: The response; None where it isn't signed itself.
        certificates: Those whose keys signed.
    """

    assertion: Element
    response: Element | None
    certificates: tuple[Certificate, ...]


def shape_problems(root: Element, required: Required) -> Iterator[str]:
    """Say what of the signatures in a response isn't as it must be, before any is computed."""
    assertion = assertion_in(root)
    owners = {"response": root} if assertion is None else {"response": root, "assertion": assertion}
    found = [name for name, owner in owners.items() if signature_of(owner) is not None]
    if not found:
        yield "nothing in it is signed"
    for name in ("response", "assertion"):
        if required in (name, "both") and name not in found:
            yield f"the {name} isn't signed, as the option signed wants it"
    for name in found:
        signature = signature_of(owners[name])
        if signature is not None:
            yield from signature_problems(signature, owners[name])


def signed_parts(raw: bytes, root: Element, certificates: Sequence[Certificate]) -> Signed:
    """Return what is signed in the response `raw`, which was parsed to `root` and has a sound structure.

    Raises:
        SignInRefused: Nothing is signed, or not every signature is by a key of `certificates`.
    """
    assertion = assertion_in(root)
    if assertion is None:
        raise SignInRefused("there is no assertion in it")
    response, signed, by = None, None, []
    if signature_of(root) is not None:
        response, certificate = _verified(raw, _IN_RESPONSE, root, certificates)
        signed = assertion_in(response)
        by.append(certificate)
    if signature_of(assertion) is not None:
        signed, certificate = _verified(raw, _IN_ASSERTION, assertion, certificates)
        by.append(certificate)
    if signed is None:
        raise SignInRefused("there is no signed assertion in it")
    return Signed(assertion=signed, response=response, certificates=tuple(by))


def _verified(
    raw: bytes, location: str, owner: Element, certificates: Sequence[Certificate]
) -> tuple[Element, Certificate]:
    changed = False
    for certificate in certificates:
        try:
            canonical = _computed(raw, location, certificate)
        except InvalidDigest:
            changed = True
            continue
        except Exception:  # noqa: BLE001, S112 - whatever the library makes of it, it's no signature
            continue
        return _parsed(canonical, owner), certificate
    if changed:
        raise SignInRefused("it was changed after it was signed")
    raise SignInRefused("its signature isn't by a key that is accepted for this provider")


def _computed(raw: bytes, location: str, certificate: Certificate) -> bytes:
    found = XMLVerifier().verify(
        raw,
        x509_cert=certificate.x509,
        parser=parser(),
        id_attribute="ID",
        expect_config=SignatureConfiguration(
            location=location,
            expect_references=1,
            signature_methods=METHODS,
            digest_algorithms=DIGESTS,
            # The key is the certificate's; what stands beside it in the message is nothing to us.
            ignore_ambiguous_key_info=True,
            # Which dates count was decided before: the library would always refuse what has expired.
            verification_time=certificate.starts,
        ),
    )
    return b"" if isinstance(found, list) else found.signed_data


def _parsed(canonical: bytes, owner: Element) -> Element:
    # Canonicalisation that fails must not sign the empty text ("void canonicalisation", CVE-2025-66568).
    try:
        signed = parse(canonical)
    except Unreadable:
        raise SignInRefused("what is signed can't be read") from None
    if (signed.tag, signed.get("ID")) != (owner.tag, owner.get("ID")):
        raise SignInRefused("the signature is about something else")
    return signed
