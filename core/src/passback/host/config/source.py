"""The file that a configuration comes from: its text, and errors that name file and line."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from passback.errors import ConfigError
from passback.host.config.locating import Locator, said_before
from passback.host.config.mistakes import Mistake, dotted

__all__ = ["Mark", "Source"]

# What of a file changes when its content does, or who may read it: times, size, inode.
_Status: TypeAlias = tuple[int, int, int, int]

_LINE = re.compile(r"\(at line (\d+), column \d+\)$")
_NOTHING = (
    "nothing stands in it: it may be just being written. One that is to have no connection yet says "
    'store = "passback.db"'
)


@attrs.frozen
class Mark:
    """What tells whether a file says something else than when it was looked at: then it has another mark.

    Attributes:
        path: Where it lies.
        digest: What tells its content from any other; None if it couldn't be read.
        status: What tells whether it must be read to know that; None if it wasn't there.
    """

    path: Path
    digest: bytes | None = attrs.field(repr=False)
    status: _Status | None = attrs.field(eq=False)

    @classmethod
    def unread(cls, path: Path) -> Mark:
        """Return the mark of the file at `path` before it's read, so that no later change goes unnoticed."""
        return cls(path, None, _status(path))

    def holding(self, content: bytes) -> Mark:
        """Return it with the `content` that was read then."""
        return attrs.evolve(self, digest=hashlib.blake2b(content, digest_size=16).digest())

    def again(self) -> Mark:
        """Return the file's mark by now; it's read only where something about it changed."""
        now = self.unread(self.path)
        if now.status == self.status:
            return self
        try:
            return now.holding(self.path.read_bytes())
        except OSError:
            return now


def _status(path: Path) -> _Status | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


@attrs.frozen(slots=False)
class Source:
    """A configuration file.

    Attributes:
        path: Where it lies.
        text: What it says.
        mark: What tells whether it says something else by now.
    """

    path: Path
    text: str = attrs.field(repr=False)
    mark: Mark

    @classmethod
    def read(cls, path: Path) -> Source:
        """Return the file at `path`.

        Raises:
            ConfigError: It can't be read, or is no text.
        """
        before = Mark.unread(path)
        try:
            content = path.read_bytes()
            # Editors on Windows put a mark at the start.
            return cls(path, content.decode("utf-8-sig"), before.holding(content))
        except OSError as error:
            raise ConfigError(error.strerror or "it can't be read", file=path) from None
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise ConfigError("this is no TOML: a file in UTF-8 was expected", file=path, line=line) from None

    def document(self) -> dict[str, Any]:
        """Return what the file says.

        Raises:
            ConfigError: It is no TOML, or nothing.
        """
        try:
            document = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            line = int(found[1]) if found else self.text.count("\n") + 1
            problem = self._said_twice(line) if str(error).startswith("Cannot ") else None
            raise ConfigError(f"this is no TOML: {problem or error}", file=self.path, line=line) from None
        except RecursionError:
            raise ConfigError("this is no TOML: it's nested too deep", file=self.path) from None
        if not document:
            # Whoever writes a file in place empties it first, and who believed that would use another store.
            raise ConfigError(_NOTHING, file=self.path)
        return document

    def line(self, mistake: Mistake) -> int:
        """Return the number of the line at which `mistake` was made."""
        return self._locator.line(mistake.place)

    def error(self, mistake: Mistake) -> ConfigError:
        """Return `mistake`, which concerns the whole file, as an error."""
        place = dotted(mistake.place)
        return ConfigError(mistake.problem, file=self.path, line=self.line(mistake), place=place)

    def _said_twice(self, line: int) -> str | None:
        """Return what the statement in `line` says that was said already; None if that can't be told."""
        found = said_before(self.text, line)
        if found is None:
            return None
        place, before = found
        return f"{dotted(place)} stands in line {before} already; keep one of the two"

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.text)
