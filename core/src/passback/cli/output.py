"""What the commands print: tables for people, JSON for programs, and exit codes for scripts.

==== =====================================================
 0   all is well
 1   it ran, and something needs somebody: a line refused, a connection that fails its check
 2   it couldn't run: usage, configuration, an outbox in use, a full disk
141  who read its output left
==== =====================================================
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import NoReturn, TextIO

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from passback.errors import PassbackError

__all__ = [
    "CANNOT_RUN",
    "NEEDS_SOMEBODY",
    "ago",
    "colored",
    "counted",
    "err",
    "fail",
    "failing",
    "mark",
    "out",
    "plain",
    "print_json",
    "printable",
    "say",
    "table",
    "utf8",
]

NEEDS_SOMEBODY = 1
CANNOT_RUN = 2

# No emoji for words between colons: a certificate's fingerprint has some (AB, CD).
out = Console(soft_wrap=False, emoji=False)
err = Console(stderr=True, emoji=False)


# In what can show it, and in words.
_MARKS = {"ok": ("green", "✓", "ok:"), "warning": ("yellow", "!", "!"), "problem": ("red", "✗", "failed:")}


def mark(verdict: str, console: Console = out) -> str:
    """Return the sign of `verdict` (ok, warning, problem), or a word where `console` can't show that."""
    color, sign, word = _MARKS[verdict]
    try:
        sign.encode(console.encoding)
    except UnicodeEncodeError:
        sign = word
    return f"[{color}]{sign}[/{color}]"


def say(line: str) -> None:
    """Write `line` to standard error, if that can be: a full disk or a reader that left end no worker."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{printable(line)}\n")
            sys.stderr.flush()


def fail(*messages: str) -> NoReturn:
    """Say why the command can't run, and end with 2."""
    for message in messages:
        err.print(f"{mark('problem', err)} {plain(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(CANNOT_RUN)


@contextmanager
def failing() -> Iterator[None]:
    """Turn Passback's errors into a message for each and exit code 2."""
    try:
        yield
    except* PassbackError as group:
        fail(*(str(error) for error in _leaves(group)))


def _leaves(group: BaseExceptionGroup[PassbackError]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def printable(text: str) -> str:
    """Return `text`, which came from outside, without what steers a terminal."""
    return "".join(char if char.isprintable() else "�" for char in text)


def plain(text: str) -> str:
    """Return `text`, which came from outside, without markup and without what steers a terminal."""
    return escape(printable(text))


def print_json(value: object) -> None:
    """Print `value` as JSON, one line for each element of a list."""
    rows = value if isinstance(value, list) else [value]
    stream = utf8()
    for row in rows:
        stream.write(msgspec.json.encode(row).decode() + "\n")


def utf8(newline: str | None = None) -> TextIO:
    """Return standard output, which writes UTF-8 from now on, whatever a terminal would show."""
    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper) and (stream.encoding != "utf-8" or newline is not None):
        stream.reconfigure(encoding="utf-8", errors="replace", newline=newline)
    return sys.stdout


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print `rows` under `columns`."""
    grid = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        grid.add_column(column, overflow="fold")
    for row in rows:
        grid.add_row(*(colored(cell) for cell in row))
    out.print(grid, highlight=False)


_COLORS = {
    "ok": "green", "ready": "green", "delivered": "green",
    "not configured": "yellow",
    "waiting": "yellow", "pending": "yellow", "sending": "yellow", "available": "dim",
    "can't connect": "red", "server error": "red", "misconfigured": "red", "rejected": "red",
    "failed": "red", "missing": "red", "duplicate": "red", "blocked": "red", "incompatible": "red",
}  # fmt: skip


def colored(cell: str) -> str:
    """Return `cell` in the color of the state that it names, if it names one."""
    color = _COLORS.get(cell.partition(" for ")[0])
    text = plain(cell)
    return f"[{color}]{text}[/{color}]" if color else text


def counted(count: int, one: str, more: str = "") -> str:
    """Return `count` with its noun: 1 user, 2 users."""
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago `at` was, or how long until it is, in one word."""
    if at is None:
        return "-"
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if size >= length or unit == "s":
            text = f"{int(size // length)} {unit}"
            return f"{text} ago" if seconds >= 0 else f"in {text}"
    raise AssertionError  # seconds match everything
