"""What a scaffold is asked for, and what can't be."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import attrs
from packaging.version import Version

from passback.contract import Options

__all__ = ["AUTHENTICATIONS", "CAPABILITIES", "ExtraOption", "Plan"]

AUTHENTICATIONS = {
    "basic": "a user name and a password in each request",
    "bearer": "a token that the customer makes and hands over",
    "key": "a key in a header of its own",
    "client-credentials": "OAuth2: a client that gets itself a token",
}
"""How requests can be proven, each with what that is."""

CAPABILITIES = {
    "submit_results": "results go there",
    "lookup_users": "it tells who its users are",
    "map_identity": "says which user somebody is who signs in",
    "read_launch": "it opens the content, and says for whom",
}
"""The hooks that can be scaffolded, each with what it is for."""

_USEFUL = ("submit_results", "lookup_users")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_LONGEST_NAME = 30
_LONGEST_TEXT = 70
_OPTION = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_TAKEN = {
    "url", "username", "password", "token", "key", "client_id", "client_secret", "identity_attribute",
    "launch_secret",
}  # fmt: skip


def _usable_name(_: object, __: object, name: str) -> None:
    if keyword.iskeyword(name):
        raise ValueError(f"{name!r} is a word of Python's; name the learning system that results go to")
    if name.startswith("passback"):
        raise ValueError(f"{name!r}: leave passback out; the package is called passback-NAME")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ValueError(
            f"{name!r} can't be part of a distribution's name here; expected small letters, digits and "
            f"single hyphens, a letter first, at most {_LONGEST_NAME} characters, as acme or acme-learn"
        )


def _known(_: object, __: object, auth: str) -> None:
    if auth not in AUTHENTICATIONS:
        raise ValueError(f"{auth!r} is no way to prove requests; there is {', '.join(AUTHENTICATIONS)}")


def _sensible(_: object, __: object, capabilities: frozenset[str]) -> None:
    for each in sorted(capabilities):
        if each not in CAPABILITIES:
            raise ValueError(
                f"{each!r} is no capability that is scaffolded; there is {', '.join(CAPABILITIES)}; any "
                "other hook you write into connector.py yourself"
            )
    if not set(_USEFUL) & set(capabilities):
        raise ValueError(f"a connector needs {' or '.join(_USEFUL)}; the others only add to them")


def _one_line(_: object, attribute: attrs.Attribute[str], text: str) -> None:
    if not text.isprintable() or set(text) & {'"', "\\", "|"} or len(text) > _LONGEST_TEXT:
        raise ValueError(
            f"{attribute.name}: expected a line of at most {_LONGEST_TEXT} characters, without quotes, "
            "backslashes and bars"
        )


@attrs.frozen
class ExtraOption:
    """An option that a connection needs beyond its address and its credentials: a text.

    Attributes:
        name: What it is called in a configuration.
        description: What an administrator is told about it.

    Raises:
        ValueError: It can't be one; says why.
    """

    name: str = attrs.field()
    description: str = attrs.field(validator=_one_line)

    @name.validator
    def _usable(self, _: attrs.Attribute[str], name: str) -> None:
        if not _OPTION.fullmatch(name) or keyword.iskeyword(name) or hasattr(Options, name):
            raise ValueError(f"{name!r} can't be an option's name; expected one as portal or base_path")
        if name in _TAKEN or name.startswith("model_"):
            raise ValueError(f"{name!r} has a meaning of its own; give the option another name")


def _each_once(_: object, __: object, options: Sequence[ExtraOption]) -> None:
    names = [each.name for each in options]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice[0]!r} is asked for twice; an option has one description")


@attrs.frozen(kw_only=True)
class Plan:
    """What is to be scaffolded.

    Attributes:
        name: What the connector is called in a configuration: ``acme``.
        auth: How the system wants requests proven: a key of `AUTHENTICATIONS`.
        capabilities: What the connector can do: keys of `CAPABILITIES`.
        options: What a connection needs besides.
        author: Who is named in the licence and in the metadata.

    Raises:
        ValueError: Something of it can't be; says what, and what can.
    """

    name: str = attrs.field(validator=_usable_name)
    auth: str = attrs.field(default="bearer", validator=_known)
    capabilities: frozenset[str] = attrs.field(default=frozenset(_USEFUL), validator=_sensible)
    options: tuple[ExtraOption, ...] = attrs.field(default=(), validator=_each_once)
    author: str = attrs.field(default="", validator=_one_line)

    @property
    def distribution(self) -> str:
        """What is installed."""
        return f"passback-{self.name}"

    @property
    def package(self) -> str:
        """What is imported."""
        return f"passback_{self.name.replace('-', '_')}"

    @property
    def features(self) -> frozenset[str]:
        """What decides which parts of a template are used."""
        return self.capabilities | {self.auth.replace("-", "_")} | ({"options"} if self.options else set())

    def values(self) -> dict[str, str]:
        """Return what stands in a template's place-holders."""
        core = Version(version("passback"))
        until = f"0.{core.minor + 1}" if core.major == 0 else str(core.major + 1)
        words = self.name.split("-")
        return {
            "name": self.name,
            "Name": "".join(word.capitalize() for word in words),
            "title": " ".join(word.capitalize() for word in words),
            "distribution": self.distribution,
            "package": self.package,
            "range": f">={core.major}.{core.minor},<{until}",
            "author": self.author or f"the authors of {self.distribution}",
            "year": str(datetime.now(UTC).year),
        }
