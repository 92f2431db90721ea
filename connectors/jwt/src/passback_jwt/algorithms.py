"""What tokens may be signed by, and what joserfc may do here: that and nothing else (RFC 7518 §3.1)."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

__all__ = ["LONGEST_HEADER", "LONGEST_TOKEN", "SYMMETRIC", "Algorithm", "Only"]

Algorithm: TypeAlias = Literal["HS256", "RS256", "PS256", "ES256", "EdDSA"]

SYMMETRIC: Algorithm = "HS256"
"""The one that a shared secret goes with, and no published key (CVE-2022-29217, CVE-2024-37568)."""

LONGEST_HEADER = 4096
"""In characters: a chain of certificates (x5c) fits in."""

LONGEST_TOKEN = 64 * 1024
"""In characters: a form may carry hundreds of groups (CVE-2025-61920: it's read before it's trusted)."""


class Only(JWSRegistry):
    """The algorithms that are named, and no recommendation of the library's beside them."""

    max_header_length = LONGEST_HEADER
    max_payload_length = LONGEST_TOKEN
    # RSA of 8192 bits.
    max_signature_length = 2048

    def __init__(self, *names: str) -> None:
        # Headers of one vendor only are none of ours, unless they are critical (RFC 7515 §4.1.11).
        super().__init__(algorithms=names, strict_check_header=False)

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 - the library doesn't publish its type
        """Return the algorithm of that name.

        Raises:
            UnsupportedAlgorithmError: It isn't one of ours.
        """
        if name not in (self.allowed or ()) or name not in self.algorithms:
            raise UnsupportedAlgorithmError("an algorithm that isn't allowed")
        # The library's own also warns of EdDSA by that name, by which everybody knows Ed25519.
        return self.algorithms[name]
