"""From a template to a text: the parts that are wanted, the values, and only the imports that are used.

A template is a ``string.Template``. What stands between ``%% if`` and ``%% end`` is a part for those who
want one of the named features, and may hold others; ``%% else`` begins the part for everybody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Template

__all__ = ["render"]

_MARK = re.compile(r"\s*%% (?P<word>if|else|end)(?P<features>( \w+)*)\s*")
_IMPORT = re.compile(r"^(from (?P<module>\S+) )?import (?P<names>\w+(, \w+)*)\n", re.MULTILINE)
_GAP = re.compile(r"\n{3,}(?=from |import |__all__)")
_WIDTH = 110


def render(template: str, features: frozenset[str], values: Mapping[str, str]) -> str:
    """Return the text that `template` makes.

    Args:
        template: What is rendered; Python where it imports something.
        features: What is wanted.
        values: What stands in the place-holders.
    """
    text = Template("".join(_wanted(template, features))).substitute(values)
    used = frozenset(re.findall(r"\w+", _IMPORT.sub("", text)))
    return _GAP.sub("\n\n", _IMPORT.sub(lambda found: _imported(found, used), text))


def _wanted(template: str, features: frozenset[str]) -> Iterator[str]:
    inside: list[bool] = []
    for line in template.splitlines(keepends=True):
        mark = _MARK.fullmatch(line)
        if mark is None:
            if all(inside):
                yield line
        elif mark["word"] == "if":
            inside.append(not features.isdisjoint(mark["features"].split()))
        elif mark["word"] == "else":
            inside[-1] = not inside[-1]
        else:
            inside.pop()


def _imported(found: re.Match[str], used: frozenset[str]) -> str:
    names = [name for name in found["names"].split(", ") if name in used]
    if found["module"] == "__future__" or (names and not found["module"]):
        return found[0]
    if not names:
        return ""
    line = f"from {found['module']} import {', '.join(names)}\n"
    if len(line) <= _WIDTH + 1:
        return line
    return "\n".join([f"from {found['module']} import (", *(f"    {name}," for name in names), ")\n"])
