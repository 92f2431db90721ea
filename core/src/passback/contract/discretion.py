"""What a plugin says, without the secrets of its options, and no longer than somebody reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from pydantic import BaseModel, SecretBytes, SecretStr

from passback.errors import PassbackError
from passback.http import without
from passback.model import Delivered, Receipt

__all__ = ["discreet", "hush", "secret_texts", "within"]

_LONGEST = 2000


def secret_texts(value: object) -> Iterator[str]:
    """Yield every secret of options, however deep."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    else:
        for each in within(value):
            yield from secret_texts(each)


def within(value: object) -> Iterable[object]:
    """Return what `value`, options or a part of them, holds."""
    if isinstance(value, BaseModel):
        return [getattr(value, name) for name in type(value).model_fields]
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple | set | frozenset) else ()


def discreet(receipts: Sequence[Receipt], forms: Sequence[str]) -> Sequence[Receipt]:
    """Return `receipts`, in which none of `forms` is shown."""
    said = [_said(each) for each in receipts]
    whole = "\n".join(said)
    if max(map(len, said), default=0) <= _LONGEST and without(whole, forms) == whole:
        return receipts
    return [_hushed(each, forms) for each in receipts]


def hush(error: PassbackError, forms: Sequence[str]) -> None:
    """Take `forms` out of what `error` says."""
    error.args = tuple(_short(without(each, forms)) if isinstance(each, str) else each for each in error.args)


def _said(receipt: Receipt) -> str:
    # Nearly all are this one.
    if type(receipt) is Delivered:
        return receipt.remote_id or ""
    return f"{getattr(receipt, 'reason', '')}{getattr(receipt, 'remote_id', None) or ''}"


def _hushed(receipt: Receipt, forms: Sequence[str]) -> Receipt:
    texts = {name: getattr(receipt, name, None) for name in ("reason", "remote_id")}
    changed: dict[str, Any] = {name: _short(without(text, forms)) for name, text in texts.items() if text}
    return attrs.evolve(receipt, **changed)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
