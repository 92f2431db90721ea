"""JSON read so that no two readers can understand it differently."""

from __future__ import annotations

import json
import re

from passback import JSONValue

__all__ = ["strict_object"]

# Not what only looks like it: a backslash that is itself escaped.
_NUL = re.compile(rb"(?<!\\)(\\\\)*\\u0000")


def strict_object(text: bytes) -> dict[str, JSONValue]:
    """Return the JSON object that `text` is.

    A member that stands twice, a number that is none, half a surrogate pair and the character NUL are
    refused besides what JSON itself refuses: readers differ in them, and stores can't keep them.

    Raises:
        ValueError: It's no such object; says nothing of it.
    """
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
        # Finds NaN, infinite numbers (1e999) and half surrogate pairs, wherever they are.
        again = json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise ValueError("no JSON object that can be read in one way only") from None
    if not isinstance(found, dict) or _NUL.search(again):
        raise ValueError("no JSON object that can be kept")
    return found


def _once(members: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError
    return found
