"""What joserfc may do here: exactly the algorithms that it's told, within our sizes."""

from __future__ import annotations

from typing import Any

from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

__all__ = ["LONGEST_HEADER", "LONGEST_TOKEN", "Algorithms"]

LONGEST_HEADER = 4096
"""In characters: a chain of certificates (x5c) fits in."""

LONGEST_TOKEN = 128 * 1024
"""In characters: 200 groups take 10 KiB (CVE-2025-61920: a token is read before it's trusted)."""


class Algorithms(JWSRegistry):
    """The algorithms that may be used, and no recommendation of the library's beside them."""

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
        if self.allowed is None or name not in self.allowed or name not in self.algorithms:
            raise UnsupportedAlgorithmError("an algorithm that isn't allowed")
        # The library's own warns of EdDSA by that name; providers still call Ed25519 so.
        return self.algorithms[name]
