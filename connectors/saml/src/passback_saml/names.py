"""The names of SAML 2.0 and XML Signature that are used here, and what of XML Signature is accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod

__all__ = [
    "ASSERTION_NS",
    "BEARER",
    "CANONICAL",
    "DIGESTS",
    "DS_NS",
    "ENTITY_FORMAT",
    "ENVELOPED",
    "EXCLUSIVE_NS",
    "FORMATS",
    "METADATA_NS",
    "METHODS",
    "PERSISTENT",
    "POST_BINDING",
    "PROTOCOL_NS",
    "REDIRECT_BINDING",
    "STATUSES",
    "SUCCESS",
    "TRANSIENT",
    "UNSPECIFIED",
    "WEAK",
    "Element",
    "ds",
    "md",
    "saml",
    "samlp",
    "short_status",
]

Element: TypeAlias = etree._Element  # noqa: SLF001 - lxml has no other name for it

ASSERTION_NS: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL_NS: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA_NS: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS_NS: Final = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE_NS: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"

BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
REDIRECT_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS: Final = f"{_STATUS}Success"
# SAML core §3.2.2.2. Only these are ever shown: any other text is whatever the sender put there.
STATUSES: Final = frozenset(
    {
        "AuthnFailed",
        "InvalidAttrNameOrValue",
        "InvalidNameIDPolicy",
        "NoAuthnContext",
        "NoAvailableIDP",
        "NoPassive",
        "NoSupportedIDP",
        "PartialLogout",
        "ProxyCountExceeded",
        "RequestDenied",
        "RequestUnsupported",
        "RequestVersionDeprecated",
        "RequestVersionTooHigh",
        "RequestVersionTooLow",
        "Requester",
        "ResourceNotRecognized",
        "Responder",
        "Success",
        "TooManyResponses",
        "UnknownAttrProfile",
        "UnknownPrincipal",
        "UnsupportedBinding",
        "VersionMismatch",
    }
)

UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
ENTITY_FORMAT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
# What a subject's kind calls a format of NameID (SAML core §8.3); any other is called by its whole name.
FORMATS: Final[Mapping[str, str]] = {
    UNSPECIFIED: "unspecified",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress": "email",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName": "x509",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName": "windows",
    "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos": "kerberos",
    ENTITY_FORMAT: "entity",
    PERSISTENT: "persistent",
    TRANSIENT: "transient",
}

ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
# SAML core §5.4.3 asks for the exclusive form; several products sign in the inclusive ones. Any is safe,
# since only what was canonicalised is read. Those that keep comments mean the same: no comment is let in.
CANONICAL: Final = frozenset(
    {
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    }
)
# RSA and ECDSA over SHA-256 or more: SHA-1 can be collided, DSA and SHA-224 are sent by nobody, and a HMAC
# could be made by whoever knows the public key.
METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
# What refused algorithms are called in messages.
WEAK: Final[Mapping[str, str]] = {
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1": "RSA with SHA-1",
    "http://www.w3.org/2000/09/xmldsig#dsa-sha1": "DSA with SHA-1",
    "http://www.w3.org/2000/09/xmldsig#sha1": "SHA-1",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1": "HMAC with SHA-1",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256": "HMAC with SHA-256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-md5": "RSA with MD5",
    "http://www.w3.org/2001/04/xmldsig-more#md5": "MD5",
}


def saml(name: str) -> str:
    """Return the qualified name of an element of assertions."""
    return f"{{{ASSERTION_NS}}}{name}"


def samlp(name: str) -> str:
    """Return the qualified name of an element of the protocol."""
    return f"{{{PROTOCOL_NS}}}{name}"


def md(name: str) -> str:
    """Return the qualified name of an element of metadata."""
    return f"{{{METADATA_NS}}}{name}"


def ds(name: str) -> str:
    """Return the qualified name of an element of XML Signature."""
    return f"{{{DS_NS}}}{name}"


def short_status(value: str | None) -> str:
    """Return the standard's name for a status code, and for any other that it's none."""
    short = (value or "").removeprefix(_STATUS)
    return short if short in STATUSES else "a status that isn't the standard's"
