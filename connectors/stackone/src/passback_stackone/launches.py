"""What a learning system hands over when it opens the content by StackOne (wire facts §4.3, seed flow)."""

from __future__ import annotations

from collections.abc import Sequence

from passback import JSONValue, Launch, LaunchQuery
from passback_stackone.api import user_path
from passback_stackone.options import StackOneOptions

__all__ = ["launch", "passthrough"]

_MOST_PAIRS = 100
_LONGEST_NAME = 200
_LONGEST = 16_384


def launch(query: LaunchQuery, options: StackOneOptions) -> Launch | None:
    """Return the launch that `query` is, None if it's none, or none that can be used."""
    if not query.pairs or not _is_sane(query.pairs):
        return None
    user_id = _user(query, options.launch_user)
    if user_id is None and not options.passthrough:
        return None
    return Launch(user_id=user_id, passthrough=query.pairs if options.passthrough else ())


def passthrough(pairs: Sequence[tuple[str, str]]) -> dict[str, JSONValue]:
    """Return a query as an object: each name where it came first, repeats as an array."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else [*values] for name, values in found.items()}


def _is_sane(pairs: Sequence[tuple[str, str]]) -> bool:
    size = sum(len(name) + len(value) for name, value in pairs)
    names = all(name and len(name) <= _LONGEST_NAME and name.isprintable() for name, _ in pairs)
    return len(pairs) <= _MOST_PAIRS and size <= _LONGEST and names


def _user(query: LaunchQuery, names: Sequence[str]) -> str | None:
    for name in names:
        said = {value for each, value in query.pairs if each == name}
        if said:
            # Two answers to the question who it is are none.
            value = said.pop().strip()
            return value if not said and user_path(value) is not None else None
    return None
