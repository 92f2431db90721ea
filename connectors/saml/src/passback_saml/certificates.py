"""The provider's certificates: whose keys may sign, and until when."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256

__all__ = ["Certificate", "distinct", "fingerprint", "read_certificate", "read_certificates"]

# What NIST SP 800-131A and every browser ask for.
_SHORTEST_RSA = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


@attrs.frozen(kw_only=True)
class Certificate:
    """One certificate; of what it says only key and dates count, for it's trusted for itself.

    Attributes:
        x509: The certificate.
        fingerprint: SHA-256 over it, in lower-case hexadecimal.
        starts: From when it's valid.
        ends: Until when.
        key: What its key is, in words.
        weakness: Why its key can't be used; empty where it can.
    """

    x509: x509.Certificate = attrs.field(repr=False)
    fingerprint: str
    starts: datetime
    ends: datetime
    key: str
    weakness: str = ""

    @property
    def shown(self) -> str:
        """The fingerprint as providers show it: pairs with colons between them."""
        return ":".join(self.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()

    def valid(self, at: datetime) -> bool:
        """Return whether `at` is between its dates."""
        return self.starts <= at <= self.ends


def read_certificate(text: str) -> Certificate:
    """Return the certificate in `text`: base64 of DER, as metadata has it.

    Raises:
        ValueError: There's none that can be read.
    """
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        found = x509.load_der_x509_certificate(der)
        starts, ends = found.not_valid_before_utc, found.not_valid_after_utc
        key, weakness = _key(found)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        raise ValueError("expected a certificate: a PEM file, or the base64 text in it") from None
    made = found.fingerprint(SHA256()).hex()
    return Certificate(x509=found, fingerprint=made, starts=starts, ends=ends, key=key, weakness=weakness)


def read_certificates(text: str) -> list[Certificate]:
    """Return the certificates in `text`: PEM, one or several, or the base64 of one.

    Raises:
        ValueError: There's none, or one that can't be read.
    """
    return [read_certificate(each) for each in _PEM.findall(text) or [text]]


def fingerprint(text: str) -> str:
    """Return the SHA-256 fingerprint that `text` means, with or without colons, in any case.

    Raises:
        ValueError: It's none.
    """
    bare = re.sub(r"[:\s]", "", text).lower()
    if not _FINGERPRINT.fullmatch(bare):
        raise ValueError("expected a SHA-256 fingerprint: 64 hexadecimal digits, with or without colons")
    return bare


def distinct(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Return `certificates`, each once."""
    return tuple({each.fingerprint: each for each in certificates}.values())


def _key(certificate: x509.Certificate) -> tuple[str, str]:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        short = key.key_size < _SHORTEST_RSA
        return f"RSA {key.key_size}", f"an RSA key has at least {_SHORTEST_RSA} bits" if short else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        known = key.curve.name in _CURVES
        return f"ECDSA {key.curve.name}", "" if known else "its curve isn't accepted"
    return type(key).__name__.lstrip("_"), "its key is neither RSA nor ECDSA"
