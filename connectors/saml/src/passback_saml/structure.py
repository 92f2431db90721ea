"""What a response may look like before anything in it is believed: one assertion, signed where it must be.

Signature wrapping (XSW; Somorovsky and others, 2012) needs a second assertion, a second element with the same
ID, or a signature in a place of the attacker's choosing. A response that has any of that is refused, whatever
its signatures are worth.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from signxml.algorithms import DigestAlgorithm, SignatureMethod

from passback_saml.names import (
    CANONICAL,
    DIGESTS,
    ENVELOPED,
    EXCLUSIVE_NS,
    METHODS,
    SUCCESS,
    WEAK,
    Element,
    ds,
    saml,
    samlp,
    short_status,
)
from passback_saml.parsing import children, only

__all__ = ["assertion_in", "response_problems", "signature_of", "signature_problems", "status_problems"]

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_ENCRYPTED = frozenset({"EncryptedAssertion", "EncryptedAttribute", "EncryptedID", "EncryptedData"})
_INCLUSIVE = f"{{{EXCLUSIVE_NS}}}InclusiveNamespaces"
_METHODS = frozenset(each.value for each in METHODS)
_DIGESTS = frozenset(each.value for each in DIGESTS)


def assertion_in(root: Element) -> Element | None:
    """Return the response's one assertion; None where there isn't one in its place."""
    return only(root, saml("Assertion"))


def signature_of(owner: Element) -> Element | None:
    """Return the signature that stands in `owner` itself."""
    return only(owner, ds("Signature"))


def status_problems(root: Element) -> Iterator[str]:
    """Say why the provider signed nobody in, if it didn't (SAML core §3.2.2.1)."""
    if root.tag != samlp("Response"):
        return
    code = only(only(root, samlp("Status")), samlp("StatusCode"))
    if code is None:
        yield "the response has no status, or several"
    elif code.get("Value") != SUCCESS:
        inner = only(code, samlp("StatusCode"))
        names = [short_status(each.get("Value")) for each in (code, inner) if each is not None]
        yield f"the provider signed nobody in: {', '.join(names)}"


def response_problems(root: Element) -> Iterator[str]:
    """Say what keeps a document from being one response with one assertion."""
    if root.tag != samlp("Response"):
        yield "it is no SAML 2.0 response"
        return
    names = Counter(each.tag for each in root.iter())
    if names[samlp("Response")] > 1:
        yield "there is a response in the response"
    if any(_local(str(name)) in _ENCRYPTED for name in names):
        yield "it is encrypted, which isn't supported here; switch encryption off at the provider"
    elif names[saml("Assertion")] != 1:
        yield f"expected one assertion, found {names[saml('Assertion')]}"
    elif assertion_in(root) is None:
        yield "the assertion isn't where an assertion stands"
    yield from _id_problems(root)
    yield from _place_problems(root)


def _id_problems(root: Element) -> Iterator[str]:
    # Whatever some software would take for an ID, so that no two readers find different elements by one.
    ids = Counter(
        value
        for element in root.iter()
        for name, value in element.items()
        if _local(str(name)).lower() == "id"
    )
    if any(count > 1 for count in ids.values()):
        yield "two elements have the same ID"
    for owner in (root, assertion_in(root)):
        if owner is not None and not _ID.fullmatch(owner.get("ID") or ""):
            yield "the response or the assertion has no ID that can be one"


def _place_problems(root: Element) -> Iterator[str]:
    owners = [each for each in (root, assertion_in(root)) if each is not None]
    for signature in root.iter(ds("Signature")):
        if not any(signature.getparent() is owner for owner in owners):
            yield "there is a signature where none belongs"
    if any(len(children(owner, ds("Signature"))) > 1 for owner in owners):
        yield "there are two signatures in one place"


def signature_problems(signature: Element, owner: Element) -> Iterator[str]:
    """Say what of a signature isn't as SAML core §5.4 has it, or isn't accepted here."""
    info = only(signature, ds("SignedInfo"))
    parts = [child.tag for child in signature]
    value, key = ds("SignatureValue"), ds("KeyInfo")
    if info is None or parts not in ([info.tag, value], [info.tag, value, key]):
        yield "the signature has parts that it mustn't have"
        return
    parts = [child.tag for child in info]
    if parts != [ds("CanonicalizationMethod"), ds("SignatureMethod"), ds("Reference")]:
        yield "the signature doesn't have exactly one reference"
        return
    canonical, method, reference = info
    yield from _canonical_problems(canonical)
    if len(method):
        yield "the signature's method has parameters"
    yield from _algorithm_problems(method, _METHODS, "signed by")
    if len(signature[1]):
        yield "the signature's value has parts"
    yield from _reference_problems(reference, owner)


def _reference_problems(reference: Element, owner: Element) -> Iterator[str]:
    # Nothing but the element that it stands in: neither the whole document (an empty URI) nor another one.
    if reference.get("URI") != f"#{owner.get('ID')}":
        yield "the signature isn't about the element that it stands in"
    parts = [child.tag for child in reference]
    if parts != [ds("Transforms"), ds("DigestMethod"), ds("DigestValue")]:
        yield "the signature's reference has parts that it mustn't have"
        return
    transforms, method, value = reference
    yield from _transform_problems(transforms)
    if len(method) or len(value):
        yield "the signature's digest has parts"
    yield from _algorithm_problems(method, _DIGESTS, "digested by")


def _transform_problems(transforms: Element) -> Iterator[str]:
    # One that computes (XSLT, XPath) could sign less than it seems, or run what it brings (CVE-2022-34169).
    steps = list(transforms)
    if any(step.tag != ds("Transform") for step in steps):
        yield "the signature's reference has parts that it mustn't have"
    elif not steps or steps[0].get("Algorithm") != ENVELOPED or len(steps[0]):
        yield "the signature's first transform isn't that of an enveloped signature"
    elif len(steps) > 2:  # noqa: PLR2004 - that one, and a canonicalisation
        yield "the signature has more transforms than SAML allows"
    else:
        for step in steps[1:]:
            yield from _canonical_problems(step)


def _canonical_problems(step: Element) -> Iterator[str]:
    if step.get("Algorithm") not in CANONICAL:
        yield "the signature uses a transform or canonicalisation that isn't accepted"
    if len(step) > 1 or any(child.tag != _INCLUSIVE or len(child) for child in step):
        yield "the signature's canonicalisation has parts that it mustn't have"


def _algorithm_problems(method: Element, accepted: frozenset[str], how: str) -> Iterator[str]:
    uri = method.get("Algorithm") or ""
    if uri not in accepted:
        named = WEAK.get(uri) or _known(uri) or "an algorithm that isn't known here"
        yield f"it is {how} {named}, which isn't accepted; SHA-256 or more with RSA or ECDSA is"


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _known(uri: str) -> str:
    for kind in (SignatureMethod, DigestAlgorithm):
        for each in kind:
            if each.value == uri:
                return each.name
    return ""
