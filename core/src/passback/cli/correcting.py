"""Corrections: lines to edit and submit, each a result of its own that says which one it corrects."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence

import attrs
import msgspec

from passback.delivery import Selection
from passback.host import Passback
from passback.model import CORRECTS, EXPORTED, Result, canonical, corrected_by, correction_id

__all__ = ["is_unedited", "lines_to_edit"]

# Of so many results at once it's asked which have a correction.
_PAGE = 500


class _About(msgspec.Struct):
    unedited: str = ""


class _Line(msgspec.Struct, rename={"about": EXPORTED}):
    about: _About = msgspec.field(default_factory=_About)


async def lines_to_edit(host: Passback, selection: Selection) -> AsyncIterator[str | None]:
    """Yield a line for each result that `selection` chooses; None for one that has a correction already."""
    page: list[Result] = []
    async for each in host.export(selection):
        page.append(each.result)
        if len(page) == _PAGE:
            for line in await _lines(host, page):
                yield line
            page.clear()
    for line in await _lines(host, page):
        yield line


def is_unedited(line: bytes, result: Result) -> bool:
    """Return whether `line`, which says `result`, is a correction as it was written."""
    if b"unedited" not in line:
        return False
    try:
        about = msgspec.json.decode(line, type=_Line).about
    except msgspec.MsgspecError:
        return False
    return about.unedited == _digest(result)


async def _lines(host: Passback, page: Sequence[Result]) -> list[str | None]:
    # An id isn't given twice, so that a line for it would only be refused.
    ids = [correction_id(each.organisation, each.id) for each in page]
    there = {each.result.id async for each in host.export(Selection(results=ids))}
    return [None if own in there else _line(each, own) for each, own in zip(page, ids, strict=True)]


def _line(result: Result, own: str) -> str:
    extensions = dict(result.extensions)
    # What the host calls by that name is the host's.
    if CORRECTS not in extensions or corrected_by(result) is not None:
        extensions[CORRECTS] = result.id
    corrected = attrs.evolve(result, id=own, extensions=extensions)
    line = msgspec.json.decode(canonical(corrected)) | {EXPORTED: {"unedited": _digest(corrected)}}
    return msgspec.json.encode(line).decode()


def _digest(result: Result) -> str:
    return hashlib.sha256(canonical(result)).hexdigest()[:16]
