"""Read results from JSON Lines and submit them: the good lines go, the bad ones are named."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from passback.cli.correcting import is_unedited
from passback.cli.output import err, fail, out
from passback.delivery import Acceptance
from passback.errors import InvalidResult
from passback.host import Passback
from passback.model import Result, parse_result

__all__ = ["Report", "read_lines", "submit_lines"]

_CHUNK = 500
# More would push the rest of the output off the screen; --json has them all.
_SHOWN = 20


@attrs.define(kw_only=True)
class Report:
    """What became of a file.

    Attributes:
        accepted: How many results are accepted and were unknown before.
        known: How many were accepted before.
        unrouted: How many of the new are kept until their activity is attached.
        refused: Line number and reason of each line that isn't accepted.
    """

    accepted: int = 0
    known: int = 0
    unrouted: int = 0
    refused: list[tuple[int, str]] = attrs.field(factory=list)

    def show(self) -> None:
        """Print it for a person."""
        out.print(f"[green]{self.accepted} accepted[/green]", end="", highlight=False)
        if self.known:
            were = "was" if self.known == 1 else "were"
            out.print(f", {self.known} {were} known already", end="", highlight=False)
        if self.unrouted:
            out.print(f", {self.unrouted} kept until their activity is attached", end="", highlight=False)
        out.print(f", [red]{len(self.refused)} refused[/red]" if self.refused else "", highlight=False)
        for line, reason in self.refused[:_SHOWN]:
            err.print(f"line {line}: {reason}", highlight=False, markup=False, soft_wrap=True)
        if len(self.refused) > _SHOWN:
            err.print(f"… and {len(self.refused) - _SHOWN} more (--json names them all)", highlight=False)


def read_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield number and content of each line of `file` that isn't blank; ``-`` is standard input."""
    for number, line in enumerate(_lines(file), 1):
        text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if text.strip():
            yield number, text


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as stream:
            yield from stream
    except OSError as error:
        name = "standard input" if str(file) == "-" else file
        fail(f"{name} can't be read: {error.strerror}")


async def submit_lines(
    host: Passback, lines: Iterator[tuple[int, bytes]], progressed: Callable[[int], None]
) -> Report:
    """Submit `lines` to `host`, telling `progressed` how many are done."""
    report = Report()
    chunk: list[tuple[int, Result]] = []
    done = 0
    for number, line in lines:
        done += 1
        try:
            chunk.append((number, _read(line)))
        except InvalidResult as error:
            report.refused.append((number, str(error)))
        if len(chunk) == _CHUNK:
            await _put(host, chunk, report)
            progressed(done)
    await _put(host, chunk, report)
    progressed(done)
    report.refused.sort()
    return report


def _read(line: bytes) -> Result:
    result = parse_result(line)
    # It would be refused as the first one was, and its id couldn't be had for what mends it any more.
    if is_unedited(line, result):
        raise InvalidResult("", "nothing in this correction was changed; mend it, or leave the line out")
    return result


async def _put(host: Passback, chunk: list[tuple[int, Result]], report: Report) -> None:
    answers = await host.submit_many([result for _, result in chunk])
    for (number, _), answer in zip(chunk, answers, strict=True):
        if not isinstance(answer, Acceptance):
            report.refused.append((number, str(answer)))
        elif not answer.new:
            report.known += 1
        else:
            report.accepted += 1
            report.unrouted += not answer.connections
    chunk.clear()
