"""Places in a school, as administrators write them and as browsers bring them."""

from __future__ import annotations

import re

__all__ = ["local_path"]

# What a path can be made of, so that no browser takes it for a host's name.
_PATH = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,2000}")


def local_path(text: str, school: str) -> str | None:
    """Return the path that `text` means at `school`; None where it would lead a browser elsewhere."""
    if text == school:
        return "/"
    path = text.removeprefix(school) if text.startswith(f"{school}/") else text
    return path if _PATH.fullmatch(path) else None
