"""Secrets in texts that people read, hidden in each form in which a system may quote them."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

__all__ = ["forms_of", "without"]

# A text shorter than this is in every answer by chance, and hiding it would tell it.
_SHORTEST = 5
_HIDDEN = "•••"
# How many characters of base64 hold some of what stands before, by how many bytes stand there.
_BEFORE = (0, 2, 3)


def forms_of(secrets: Iterable[str]) -> list[str]:
    """Return the forms in which `secrets` may be quoted, the longest first."""
    found = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    return sorted((form for form in found if len(form) >= _SHORTEST), key=len, reverse=True)


def without(text: str, forms: Iterable[str]) -> str:
    """Return `text`, in which none of `forms` is shown."""
    for form in forms:
        text = text.replace(form, _HIDDEN)
    return text


def _forms(secret: str) -> Iterator[str]:
    yield secret
    for written in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        # As PHP does.
        yield from (written, written.replace("/", "\\/"))
    yield "".join(f"\\u{ord(char):04x}" for char in secret)
    yield "".join(f"\\u{ord(char):04X}" for char in secret)
    for percent in (quote(secret, safe=""), quote_plus(secret, safe="")):
        yield from (percent, _lower(percent), quote(percent, safe=""))
    yield from (
        html.escape(secret),
        html.escape(secret, quote=False),
        html.escape(secret).replace("x27", "39"),
    )
    content = secret.encode("utf-8", "surrogatepass")
    yield from (content.hex(), content.hex().upper())
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # Also within a longer text, as after "Bearer ".
        for before in range(3):
            whole = (before + len(content)) * 8 // 6
            yield encode(b"\0" * before + content).decode("ascii")[_BEFORE[before] : whole]


def _lower(percent: str) -> str:
    parts = percent.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])
