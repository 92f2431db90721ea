"""What mentions a learner: what they are called, found as whole words, also as web addresses spell it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from sqlalchemy import ColumnElement, false, or_

__all__ = ["ERASED", "Mentions"]

ERASED = "(erased)"
_LEAST, _LEAST_DIGITS = 3, 6
# What Passback and web servers say of everybody, whoever has it for a name.
_SAID = (
    "account activity address admin answered api batch connection days delete delivered e-mail email "
    "error found from get head http https launch learner learners lms lrs more name nobody none not "
    "null options patch post put reached refused rejected request requests result results sent server "
    "statements student system test the there unauthorized unknown user users waiting within xapi"
)
_COMMON = frozenset(_SAID.split())
# Letters between which no space stands: a name is found within a sentence.
_UNSPACED = "\u2e80"
_RUN = re.compile(r"[A-Za-z0-9]+")
_STEERING = re.compile(r"[%_\\]")
# Part of a longer name or address is somebody else's; after %3A, as an address spells a colon, begins a word.
_BEHIND = r"(?:(?<!\w)|(?<=%[2-7][0-9A-Fa-f]))(?<!\w[.@+-])(?<!%40)(?<!%2[Bb])"
_AHEAD = r"(?!\w|[.@+-]\w|%40|%2[Bb]|%[89A-Fa-f][0-9A-Fa-f])"
# Nothing but a domain's next part makes another of an e-mail address.
_AHEAD_OF_ADDRESS = r"(?!\w|\.\w|%[89A-Fa-f][0-9A-Fa-f])"


class Mentions:
    """What mentions somebody who is called so, and how it's said without that.

    What is too short, or too common, to mean them alone isn't looked for: another's number stays a number.
    """

    def __init__(self, names: Iterable[str]) -> None:
        own = sorted(filter(_telling, {each.strip() for each in names}), key=lambda each: (-len(each), each))
        # The longest first: an address, rather than the name it begins with.
        self._pattern = re.compile("|".join(map(_pattern, own)) or r"(?!)")
        self._needles = [needle for each in own for needle in _needles(each)]

    def likely(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition that `column` may mention them; `without` tells whether it does."""
        return or_(false(), *(column.ilike(needle, escape="\\") for needle in self._needles))

    def without(self, text: str) -> str:
        """Return `text` with their names overwritten."""
        return self._pattern.sub(ERASED, text)


def _telling(name: str) -> bool:
    # Two letters are a whole name in China.
    long = len(name) >= _LEAST or (len(name) == _LEAST - 1 and name[0] >= _UNSPACED)
    number = not any(map(str.isalpha, name)) and sum(map(str.isdigit, name)) < _LEAST_DIGITS
    return long and not number and name.casefold() not in _COMMON


def _pattern(name: str) -> str:
    # A capital may be all that tells a name from a word: Mark, Will.
    flags = "" if name.isalpha() and name[0].isupper() else "i"
    spelled = "".join(map(_letter, name))
    behind = "" if name[0] >= _UNSPACED else _BEHIND
    ahead = _AHEAD_OF_ADDRESS if "@" in name else _AHEAD
    return f"{behind}(?{flags}:{spelled}){'' if name[-1] >= _UNSPACED else ahead}"


def _letter(char: str) -> str:
    encoded = "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
    plain = r"\s|\+" if char.isspace() else re.escape(char)
    return f"(?:{plain}|(?i:{encoded}))"


def _needles(name: str) -> Iterable[str]:
    """Return what `LIKE` finds every spelling of `name` by, and not much else."""
    runs = _RUN.findall(name)
    if len("".join(runs)) >= _LEAST:
        return [f"%{'%'.join(runs)}%"]
    # Databases know the capitals of ASCII alone.
    spelled = sorted({name, name.lower(), name.upper(), quote(name, safe="")})
    return ["%" + _STEERING.sub(r"\\\g<0>", each) + "%" for each in spelled]
