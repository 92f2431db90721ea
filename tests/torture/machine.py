"""The machine's clock and its power."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

from torture.place import Place

BLOCK = 4096
_MADE = b"made"


def set_clock(place: Place, wrong_by: int) -> None:
    """Let every program see a wall clock that is wrong by so many seconds, from now on."""
    with place.clock.open("r+b") as file:
        file.write(struct.pack("=q", wrong_by))


def cut_power(place: Place, rng: random.Random | None = None) -> int:
    """Take from the disk what wasn't synced; return how many bytes differ by that.

    Every process that used it must be dead.

    Args:
        place: Where.
        rng: What chooses which of the blocks that weren't synced got there all the same; None means none.
    """
    for name in place.disk.glob("*-shm"):
        name.unlink()
    _rename_back(place)
    lost = 0
    for notes in sorted(place.undo.iterdir()):
        if notes.name not in ("lock", "names"):
            lost += _roll_back(place.disk / notes.name, notes, rng)
            notes.unlink()
    return lost


def _notes(file: Path) -> bytes:
    content = file.read_bytes() if file.exists() else b""
    end = struct.unpack_from("=q", content)[0] if len(content) >= 8 else 8
    return content[8:end]


def _rename_back(place: Place) -> None:
    names = place.undo / "names"
    noted = _notes(names)
    for start in range(len(noted) - 256, -1, -256):
        how, name = noted[start : start + 4], noted[start + 4 : start + 256].rstrip(b"\0").decode()
        if how == _MADE:
            (place.disk / name).unlink(missing_ok=True)
            (place.undo / name).unlink(missing_ok=True)
            continue
        removed = f"removed-{how.decode()}"
        (place.disk / removed).rename(place.disk / name)
        if (place.undo / removed).exists():
            (place.undo / removed).rename(place.undo / name)
    names.unlink(missing_ok=True)


def _roll_back(file: Path, notes: Path, rng: random.Random | None) -> int:
    written = list(_written(_notes(notes)))
    if not written or not file.exists():
        return 0
    now = file.read_bytes()
    synced = bytearray(now)
    for offset, size, before in reversed(written):
        synced[offset : offset + len(before)] = before
        del synced[size:]
        synced.extend(bytes(size - len(synced)))
    left = bytes(synced) if rng is None else _torn(bytes(synced), now, rng)
    file.write_bytes(left)
    return sum(a != b for a, b in zip(left, now, strict=False)) + abs(len(left) - len(now))


def _written(noted: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 0
    while at < len(noted):
        offset, length, size = struct.unpack_from("=qqq", noted, at)
        at += 24 + length
        yield offset, size, noted[at - length : at]


def _torn(synced: bytes, now: bytes, rng: random.Random) -> bytes:
    size = rng.choice([len(synced), len(now)])
    blocks = []
    for start in range(0, size, BLOCK):
        end = min(start + BLOCK, size)
        chosen = now if rng.random() < 0.5 else synced
        blocks.append(chosen[start:end].ljust(end - start, b"\0"))
    return b"".join(blocks)
