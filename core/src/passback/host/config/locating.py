"""Which line of a TOML file says what.

No TOML library tells it. A file is a row of statements (a header, or a key with its value), each of which is
TOML by itself: so each is parsed alone, and tells which places it sets.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property

from passback.host.config.mistakes import Place

__all__ = ["Locator", "said_before"]

# A multi-line string may end in one or two quotes of its own. A comment's brackets and quotes mean nothing.
_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|(?P<opens>[\[{])"
    r"|(?P<closes>[\]}])"
    r"|(?P<ends>\n)",
    re.DOTALL,
)


class Locator:
    """Finds places in the text of a TOML file that parses."""

    def __init__(self, text: str) -> None:
        self._text = text

    def line(self, place: Place) -> int:
        """Return the number of the line in which the statement begins that sets `place`.

        What nothing sets is looked for in the table that should hold it.
        """
        return self._lines.get(self.nearest(place), 1)

    def nearest(self, place: Place) -> Place:
        """Return `place`, or the table nearest above it that a statement sets."""
        return next((part for part in _upwards(place) if part in self._lines), ())

    @cached_property
    def _lines(self) -> Mapping[Place, int]:
        lines: dict[Place, int] = {}
        for line, above, place, is_header in _settings(self._text):
            if is_header:
                # A table's own header tells more than that of a table in it, which may come first.
                lines[place] = line
            for each in (*above, place):
                lines.setdefault(each, line)
        return lines


def said_before(text: str, line: int) -> tuple[Place, int] | None:
    """Return what the statement in `line` of `text` says again, and the line that says it first.

    What follows that statement may be no TOML. None if nothing above it says it.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    try:
        *_, (start, _, place, _) = _settings("\n".join(lines[:line]))
    except tomllib.TOMLDecodeError:
        return None
    above = Locator("\n".join(lines[: start - 1]))
    nearest = above.nearest(place)
    return (nearest, above.line(nearest)) if nearest else None


def _settings(text: str) -> Iterator[tuple[int, list[Place], Place, bool]]:
    """Yield each statement's line, the places above what it sets, that place, and whether it's a header."""
    # How many tables each array of tables has so far.
    counts: dict[Place, int] = {}
    table: Place = ()
    for line, statement in _statements(text):
        keys, value = _read(statement)
        is_header = statement.startswith("[")
        if is_header and isinstance(value, list):
            *_, array = _walked((), keys, counts, last=False)
            counts[array] = counts.get(array, 0) + 1
        *above, place = _walked(() if is_header else table, keys, counts)
        table = place if is_header else table
        yield line, above, place, is_header


def _upwards(place: Place) -> Iterator[Place]:
    for length in range(len(place), -1, -1):
        yield place[:length]


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement of `text` with the number of the line where it begins."""
    text = text.replace("\r\n", "\n") + "\n"
    start, line, depth = 0, 1, 0
    for token in _TOKEN.finditer(text):
        if token["opens"]:
            depth += 1
        elif token["closes"]:
            depth -= 1
        elif token["ends"] and depth == 0:
            statement = text[start : token.end()]
            if (content := statement.strip(" \t\n")) and not content.startswith("#"):
                yield line, content
            line += statement.count("\n")
            start = token.end()


def _read(statement: str) -> tuple[list[str], object]:
    """Return the keys that `statement` names, one within the other, and what stands there.

    An inline table's only key looks like one of a dotted key, and stands in the same statement.
    """
    keys: list[str] = []
    value: object = tomllib.loads(statement)
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        keys.append(key)
    return keys, value


def _walked(
    start: Place, keys: list[str], counts: Mapping[Place, int], *, last: bool = True
) -> Iterator[Place]:
    """Yield the place of each of `keys`, one within the other; in an array of tables it's the newest.

    Args:
        start: Where the first key stands.
        keys: The keys.
        counts: How many tables each array of tables has.
        last: Whether the last key, too, leads into the newest table of an array.
    """
    place = start
    for at, key in enumerate(keys, 1):
        place = (*place, key)
        if place in counts and (last or at < len(keys)):
            yield place
            place = (*place, counts[place] - 1)
        yield place
