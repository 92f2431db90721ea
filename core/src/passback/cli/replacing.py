"""Writing a file whole: what stood there stays until what replaces it is complete."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Write to a file beside `path` that takes its place, and has its permissions, when the ``with`` ends.

    Where there was none, only its owner can read it. Whoever is killed meanwhile leaves the file beside it,
    called `path` and more, ending in ``.part``.

    Raises:
        OSError: It can't be written.
    """
    path = path.resolve()
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, made)
        Path(made).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(made).unlink()
        raise
