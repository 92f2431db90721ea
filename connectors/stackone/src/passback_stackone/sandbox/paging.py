"""Lists in pages (wire facts §4.2): an opaque cursor, bound to the filters that it was given for."""

import re
import secrets
import time
from collections.abc import Mapping, Sequence

from passback_stackone.sandbox.answers import Refused
from passback_stackone.sandbox.behaviour import Behaviour

_PAGE = 25
_ALWAYS = {"page_size", "next", "fields", "raw", "page", "updated_after"}
_FILTER = re.compile(r"filter\[(\w+)\]")


class Cursors:
    """The cursors that were handed out."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._known: dict[str, tuple[int, object, float]] = {}

    def page(
        self, items: Sequence[Mapping[str, object]], pairs: Sequence[tuple[str, str]], list_of: str
    ) -> dict[str, object]:
        """Return the page of `items` that `pairs` ask for.

        Raises:
            Refused: The size is none, or the cursor isn't one of this list and these filters.
        """
        query = dict(pairs)
        size = self._size(query.get("page_size"))
        bound = (
            list_of,
            sorted((name, text) for name, text in pairs if name.startswith(("filter", "proxy"))),
        )
        start = self._start(query.get("next"), bound)
        following = start + size
        cursor = None
        if following < len(items):
            cursor = secrets.token_urlsafe(24)
            self._known[cursor] = (following, bound, time.monotonic())
        wanted = [name for name in query.get("fields", "").split(",") if name]
        shown = [_only(item, wanted) for item in items[start:following]]
        return {"data": shown, "next": cursor, "raw": None}

    def _size(self, given: str | None) -> int:
        if given is None:
            return _PAGE
        size = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0  # noqa: PLR2004
        if not 1 <= size <= self._behaviour.largest_page:
            raise Refused(400, f"page_size must be from 1 to {self._behaviour.largest_page}")
        return size

    def _start(self, cursor: str | None, bound: object) -> int:
        if cursor is None:
            return 0
        start, wanted, since = self._known.get(cursor, (0, None, 0.0))
        limit = self._behaviour.cursor_seconds
        if wanted != bound or (limit is not None and time.monotonic() - since > limit):
            raise Refused(400, "next is no cursor of this list and these filters")
        return start


def filters(pairs: Sequence[tuple[str, str]], known: Sequence[str]) -> dict[str, str]:
    """Return the filters that `pairs` hold.

    Raises:
        Refused: A parameter isn't StackOne's, or a filter is none of this list's, or is given twice.
    """
    found: dict[str, str] = {}
    for name, text in pairs:
        matched = _FILTER.fullmatch(name)
        if name in _ALWAYS or name.startswith("proxy["):
            continue
        if matched is None or matched[1] not in known or matched[1] in found:
            raise Refused(400, f"{name} is no parameter of this list, or is given twice")
        found[matched[1]] = text
    return found


def _only(item: Mapping[str, object], wanted: Sequence[str]) -> dict[str, object]:
    return {name: value for name, value in item.items() if not wanted or name in wanted}
