"""JSON read so that no two readers can understand it differently."""

from __future__ import annotations

import json
import math
import re

from passback.model.result import JSONValue

__all__ = ["json_object"]

_LARGEST = 512 * 1024
_DEEPEST = 100
# Half of a surrogate pair is no character, and NUL is none that every store can keep.
_UNFIT = re.compile("[\0\ud800-\udfff]")


def json_object(text: bytes) -> dict[str, JSONValue]:
    """Return the JSON object that `text` is, where much depends on it, as in a signed token or a key set.

    Refused besides what isn't JSON in UTF-8, after I-JSON (RFC 7493 §2.1 to §2.3): a name that stands twice
    in an object, NaN and infinite numbers, and half of a surrogate pair. So are NUL, more than 100
    levels, and more than 512 KiB. Readers differ in these, or stores can't keep them.

    Raises:
        ValueError: It's no such object; repeats nothing of it.
    """
    if len(text) > _LARGEST:
        raise ValueError(f"expected at most {_LARGEST // 1024} KiB of JSON")
    try:
        found: JSONValue = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ValueError("expected JSON that can be read in one way only") from None
    if not isinstance(found, dict) or not _fits(found, 1):
        raise ValueError("expected a JSON object that can be kept as it is")
    return found


def _once(members: list[tuple[str, JSONValue]]) -> dict[str, JSONValue]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError
    return found


def _fits(value: JSONValue, depth: int) -> bool:
    if isinstance(value, str):
        return _UNFIT.search(value) is None
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return depth <= _DEEPEST and all(
            _fits(name, depth) and _fits(inner, depth + 1) for name, inner in value.items()
        )
    if isinstance(value, list):
        return depth <= _DEEPEST and all(_fits(inner, depth + 1) for inner in value)
    return True
