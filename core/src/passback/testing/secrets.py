"""What must never be shown: the secrets of options, and what requests prove themselves by."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import parse_qs

from passback.contract import secret_texts, within
from passback.http import forms_of, without
from passback.testing.proxy import Asked, Record

__all__ = ["called_proofs", "proofs", "secret_texts", "shown", "texts_of", "tokens"]

# Shorter ones stand in any text by chance.
_SHORTEST = 5
_PROVING = ("authorization", "x-api-key", "api-key", "x-auth-token", "cookie")
# But for those that end in "id": they say which key it is.
_CALLED_PROOF = re.compile(r"auth|key|token|secret|password|credential")
_FIELDS = ("client_secret", "password", "secret", "api_key", "assertion", "refresh_token")


def texts_of(value: object) -> Iterator[str]:
    """Yield every text of options that is no secret, however deep."""
    if isinstance(value, str):
        yield value
    else:
        for each in within(value):
            yield from texts_of(each)


def proofs(asked: Asked) -> Iterator[str]:
    """Yield the texts by which a request proves itself, without the names that go with them."""
    for name, value in asked.headers:
        if name in _PROVING:
            scheme, _, rest = value.partition(" ")
            yield from _basic(rest) if scheme.lower() == "basic" else [rest or value]
    yield from _sent(asked.body)


def called_proofs(asked: Asked) -> Iterator[str]:
    """Yield the texts of the headers that are called proofs, each vendor's own among them."""
    for name, value in asked.headers:
        if _CALLED_PROOF.search(name) and not name.endswith("id"):
            yield from (value, value.partition(" ")[2])


def tokens(record: Record) -> set[str]:
    """Return the bearer tokens that the system gave out and that requests carried."""
    carried = {asked.header("authorization").partition(" ")[2] for asked in record.asked}
    given = b"\n".join(asked.answer for asked in record.asked)
    return {each for each in carried if len(each) >= _SHORTEST and each.encode() in given}


def shown(text: str, secrets: Iterable[str]) -> str | None:
    """Return what of `secrets` stands in `text`, as the beginning of it; None for nothing."""
    for secret in secrets:
        if without(text, forms_of([secret])) != text:
            return f"{secret[:3]}…"
    return None


def _basic(rest: str) -> Iterator[str]:
    with suppress(ValueError):
        name, _, password = base64.b64decode(rest).decode("utf-8", "replace").partition(":")
        yield password or name


def _sent(body: bytes) -> Iterator[str]:
    fields: dict[str, object] = {}
    with suppress(ValueError, UnicodeError):
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    with suppress(ValueError, UnicodeError, RecursionError):
        found = json.loads(body)
        fields = found if isinstance(found, dict) else fields
    for name in _FIELDS:
        value = fields.get(name)
        if isinstance(value, str):
            yield value
