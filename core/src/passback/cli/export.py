"""``passback export``: results as they stand, as JSON Lines or CSV."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import attrs
import msgspec
import typer

from passback.cli.choosing import choosing, require_there
from passback.cli.common import DEFAULT_CONFIG, ConfigOption, app, host_for, run
from passback.cli.correcting import lines_to_edit
from passback.cli.output import counted, err, fail, utf8
from passback.cli.replacing import replacing
from passback.delivery import Exported, Selection
from passback.host import Passback
from passback.model import EXPORTED, canonical

__all__ = ["export"]

_HERE = Path("-")
_STREAMS = ("/dev/fd/", "/dev/std", "/proc/")


class _Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@app.command()
@choosing
def export(
    selection: Selection,
    form: Annotated[_Format, typer.Option("--format", help="JSON Lines or CSV.")] = _Format.JSONL,
    output: Annotated[Path, typer.Option("--output", "-o", help="A file; - for standard output.")] = _HERE,
    config: ConfigOption = DEFAULT_CONFIG,
    *,
    corrections: Annotated[
        bool,
        typer.Option("--corrections", help="Lines to edit and submit: each with an id of its own."),
    ] = False,
) -> None:
    """Write results, and where they stand.

    A line of JSON is the result as it was submitted, and `passback`, which says where it stands. To send
    rejected results in another form, write them with --corrections, edit the lines, and submit them.
    Those that have a correction already are left out there.
    """
    if corrections and form is not _Format.JSONL:
        fail("--corrections are lines of JSON; leave --format out")
    host = host_for(config)

    async def write() -> tuple[int, int]:
        async with host:
            await require_there(host, selection)
            with _opened(output) as stream:
                if corrections:
                    return await _write_corrections(host, selection, stream)
                return sum([1 async for _ in _WRITERS[form](host.export(selection), stream)]), 0

    count, corrected = run(write())
    err.print(counted(count, "result"), highlight=False)
    if corrected:
        have = "has a correction already and is" if corrected == 1 else "have one already and are"
        err.print(f"{corrected} that {have} left out", highlight=False)


@contextmanager
def _opened(output: Path) -> Iterator[TextIO]:
    if output == _HERE:
        yield utf8(newline="")
        return
    try:
        # A pipe or a device has no place beside it.
        whole = not str(output.absolute()).startswith(_STREAMS) and (output.is_file() or not output.exists())
        with replacing(output) if whole else output.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        fail(f"{output} can't be written: {error.strerror}")


async def _write_corrections(host: Passback, selection: Selection, stream: TextIO) -> tuple[int, int]:
    """Write the lines to edit; return how many, and how many results have a correction already."""
    written = corrected = 0
    async for line in lines_to_edit(host, selection):
        if line is None:
            corrected += 1
        else:
            stream.write(f"{line}\n")
            written += 1
    return written, corrected


async def _as_lines(exported: AsyncIterator[Exported], stream: TextIO) -> AsyncIterator[None]:
    async for each in exported:
        own = msgspec.json.decode(canonical(each.result))
        own[EXPORTED] = {"accepted": each.accepted, "deliveries": each.deliveries}
        stream.write(msgspec.json.encode(own).decode() + "\n")
        yield


async def _as_table(exported: AsyncIterator[Exported], stream: TextIO) -> AsyncIterator[None]:
    rows = csv.DictWriter(stream, _COLUMNS, lineterminator="\r\n")
    rows.writeheader()
    async for each in exported:
        rows.writerow({name: _cell(value) for name, value in _row(each).items()})
        yield


_WRITERS = {_Format.JSONL: _as_lines, _Format.CSV: _as_table}
_PEOPLE = ("id", "email", "name", "username", "external_id", "openid")
# Full width, too: some take those for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SCORE = ("raw", "min", "max", "scaled")
_COUNTERS = ("total_awards", "awards_unlocked", "total_tasks", "tasks_completed")
_COLUMNS = [
    "organisation",
    *(f"learner_{name}" for name in _PEOPLE),
    *("activity_id", "activity_name", "result_id", "kind", "at", "started", "item_id", "item_name"),
    *(f"score_{name}" for name in _SCORE),
    *("success", "completion", "progress", "duration_seconds"),
    *_COUNTERS,
    *("extensions", "accepted", "deliveries"),
]


def _row(each: Exported) -> dict[str, object]:
    result = each.result
    parts: dict[str, object] = {}
    for prefix, part, names in (
        ("learner_", result.learner, _PEOPLE),
        ("activity_", result.activity, ("id", "name")),
        ("item_", result.item, ("id", "name")),
        ("score_", result.score, _SCORE),
        ("", result.counters, _COUNTERS),
    ):
        known = attrs.asdict(part) if part is not None else {}
        parts |= {f"{prefix}{name}": known.get(name) for name in names}
    return parts | {
        "organisation": result.organisation,
        "result_id": result.id,
        "kind": result.kind.value,
        "at": result.utc.isoformat(),
        "started": None if result.started is None else result.started.isoformat(),
        "success": result.success,
        "completion": result.completion,
        "progress": result.progress,
        "duration_seconds": None if result.duration is None else result.duration.total_seconds(),
        "extensions": msgspec.json.encode(result.extensions).decode() if result.extensions else None,
        "accepted": each.accepted.isoformat(),
        "deliveries": "; ".join(
            f"{one.connection}: {one.state}{f' for {one.waiting_for}' if one.waiting_for else ''}"
            for one in each.deliveries
        ),
    }


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A spreadsheet would run a text that begins like this as a formula.
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
