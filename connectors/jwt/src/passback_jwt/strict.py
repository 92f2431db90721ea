"""JSON read so that no two readers can understand it differently."""

from __future__ import annotations

import json

from passback import JSONValue

__all__ = ["strict_object"]


def strict_object(text: bytes) -> dict[str, JSONValue]:
    """Return the JSON object that `text` is.

    Refused besides what isn't JSON: a member that stands twice, a number that is none or is infinite, half of
    a surrogate pair, and NUL. Readers differ in what they make of them, and stores can't keep them.

    Raises:
        ValueError: It's no such object; says nothing of it.
    """
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
        # As one text, in which what is wrong is found however deep it lies.
        whole = json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise ValueError("no JSON that can be read in one way only") from None
    if not isinstance(found, dict) or b"\\u0000" in whole:
        raise ValueError("no JSON object that can be kept")
    return found


def _once(members: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError
    return found
