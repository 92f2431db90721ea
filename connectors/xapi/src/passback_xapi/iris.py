"""The host's ids as IRIs, and back: ids of activities and items, keys of extensions."""

from __future__ import annotations

from urllib.parse import quote, unquote

from passback import Item, ResultKind
from passback_xapi.endpoint import is_iri
from passback_xapi.verbs import ITEM_TYPES

__all__ = [
    "RESULT",
    "activity_iri",
    "extension_iri",
    "extension_key",
    "item_iri",
    "read_activity_iri",
    "read_item_iri",
]

_URN = "urn:x-passback:"
_EXTENSION = f"{_URN}extension:"
# Before the names of those fields of a result that xAPI has no place for.
RESULT = f"{_URN}result:"


def activity_iri(own: str, base: str | None) -> str:
    """Return the IRI of the activity `own`: its id where that is one, else one made with `base`."""
    return own if is_iri(own) else _base(base) + quote(own, safe="")


def read_activity_iri(iri: str, base: str | None) -> str:
    """Return the host's id of the activity `iri`: what was put behind `base`, else `iri` itself."""
    return _behind(_base(base), iri)


def item_iri(item: Item, kind: ResultKind, inside: str) -> str:
    """Return the item's IRI: its own id where that is one, else one below `inside`, the activity's."""
    return item.id if is_iri(item.id) else _below(inside, kind) + quote(item.id, safe="")


def read_item_iri(iri: str, kind: ResultKind, inside: str) -> str:
    """Return the host's id of the item `iri`: what was put below `inside`, else `iri` itself."""
    return _behind(_below(inside, kind), iri)


def extension_iri(key: str) -> str:
    """Return the IRI that `key` is or becomes, as xAPI's extensions have no other keys."""
    return key if is_iri(key) else _EXTENSION + quote(key, safe="")


def extension_key(iri: str) -> str:
    """Return the host's key that became `iri`, else `iri` itself."""
    own = unquote(iri.removeprefix(_EXTENSION))
    return own if extension_iri(own) == iri else iri


def _base(base: str | None) -> str:
    return base or f"{_URN}activity:"


def _below(inside: str, kind: ResultKind) -> str:
    return f"{inside.rstrip('/')}/{ITEM_TYPES[kind][0]}/"


def _behind(prefix: str, iri: str) -> str:
    own = unquote(iri.removeprefix(prefix))
    made = own.strip() and not is_iri(own) and prefix + quote(own, safe="") == iri
    return own if made else iri
