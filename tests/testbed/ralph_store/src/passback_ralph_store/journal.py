"""Statements in a file that only grows."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Statement = dict[str, Any]


class Journal:
    """The statements of one file of JSON lines, also held in memory in the order they came.

    One process writes it. A killed process loses nothing it has answered for: what was written is the
    operating system's by then. A machine that loses power may lose the last seconds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        self._statements: list[Statement] = []
        self._positions: dict[str, int] = {}
        self._load()

    def append(self, statements: Iterable[Statement]) -> int:
        """Add all of the statements or none, and return how many they are."""
        batch = list(statements)
        lines = "".join(json.dumps(statement) + "\n" for statement in batch).encode()
        end = os.fstat(self._file).st_size
        if os.write(self._file, lines) != len(lines):
            os.ftruncate(self._file, end)
            raise OSError(f"{self._path} took only part of a batch")
        self._remember(batch)
        return len(batch)

    def find(self, ids: Iterable[str]) -> list[Statement]:
        """Return the statements that have one of these ids."""
        return [self._statements[self._positions[each]] for each in ids if each in self._positions]

    def walk(self, *, ascending: bool, after: str | None = None) -> Iterator[Statement]:
        """Yield the statements oldest or newest first, from behind the one named `after`."""
        step = 1 if ascending else -1
        if after is None:
            position = 0 if ascending else len(self._statements) - 1
        elif after in self._positions:
            position = self._positions[after] + step
        else:
            return
        while 0 <= position < len(self._statements):
            yield self._statements[position]
            position += step

    def _load(self) -> None:
        content = self._path.read_bytes()
        # A process killed in the middle of a write leaves half a line, which it has not answered for.
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(self._file, whole)
        self._remember(json.loads(line) for line in content[:whole].splitlines())

    def _remember(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            self._positions[statement["id"]] = len(self._statements)
            self._statements.append(statement)
